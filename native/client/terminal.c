#include "client.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <asm/termios.h>

#include "syscall.h"

/* The settings to go back to; raw says whether they are to be restored. */
static struct termios saved;
static bool raw;

bool is_terminal(int fd)
{
	struct termios settings;

	return syscall3(__NR_ioctl, fd, TCGETS, &settings) == 0;
}

struct terminal_size terminal_size(void)
{
	static const int ORDER[] = {1, 0, 2};
	struct winsize size;

	for (int i = 0; i < 3; i++) {
		if (syscall3(__NR_ioctl, ORDER[i], TIOCGWINSZ, &size) == 0)
			return (struct terminal_size){size.ws_row, size.ws_col};
	}
	return (struct terminal_size){0, 0};
}

void terminal_raw(bool processing_output)
{
	struct termios settings;

	if (syscall3(__NR_ioctl, 0, TCGETS, &settings) != 0)
		return;
	if (!raw)
		saved = settings;
	settings.c_iflag &=
		~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	if (!processing_output)
		settings.c_oflag &= ~(tcflag_t)OPOST;
	settings.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	settings.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
	settings.c_cflag |= CS8;
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	/* In the background this stops the process, with SIGTTOU, until it is in the foreground. */
	raw = syscall3(__NR_ioctl, 0, TCSETS, &settings) == 0 || raw;
}

/* In the background the terminal is the shell's, and has the shell's settings already. */
static bool in_background(void)
{
	int foreground;

	return syscall3(__NR_ioctl, 0, TIOCGPGRP, &foreground) == 0 &&
		foreground != (int)syscall1(__NR_getpgid, 0);
}

void terminal_restore(void)
{
	if (raw && !in_background())
		syscall3(__NR_ioctl, 0, TCSETS, &saved);
	raw = false;
}
