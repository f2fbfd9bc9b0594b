/* Prints sizes, offsets and constants as the C compiler of this machine sees them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#define SIZE(type) printf("%s %zu\n", #type, sizeof(type))
#define AT(type, field) printf("%s.%s %zu\n", #type, #field, offsetof(type, field))
#define VALUE(name) printf("%s %ld\n", #name, (long)(name))

static void files(void)
{
    SIZE(struct open_how);
    AT(struct open_how, mode);
    AT(struct open_how, resolve);
    SIZE(struct statx);
    AT(struct statx, stx_nlink);
    AT(struct statx, stx_uid);
    AT(struct statx, stx_gid);
    AT(struct statx, stx_mode);
    AT(struct statx, stx_ino);
    AT(struct statx, stx_size);
    AT(struct statx, stx_blocks);
    AT(struct statx, stx_ctime);
    AT(struct statx, stx_mtime);
    AT(struct statx, stx_rdev_major);
    AT(struct statx, stx_dev_major);
    AT(struct statx, stx_mnt_id);
    SIZE(struct statfs);
    AT(struct statfs, f_bsize);
    AT(struct statfs, f_blocks);
    AT(struct statfs, f_bavail);
    AT(struct statfs, f_files);
    AT(struct statfs, f_flags);
    AT(struct dirent64, d_reclen);
    AT(struct dirent64, d_type);
    AT(struct dirent64, d_name);
}

static void mounts(void)
{
    SIZE(struct mount_attr);
    AT(struct mount_attr, userns_fd);
}

static void sockets(void)
{
    SIZE(struct epoll_event);
    AT(struct epoll_event, data);
    SIZE(struct msghdr);
    AT(struct msghdr, msg_iov);
    AT(struct msghdr, msg_iovlen);
    AT(struct msghdr, msg_control);
    AT(struct msghdr, msg_controllen);
    AT(struct msghdr, msg_flags);
    SIZE(struct iovec);
    SIZE(struct cmsghdr);
    AT(struct cmsghdr, cmsg_level);
    AT(struct cmsghdr, cmsg_type);
    SIZE(struct sockaddr_un);
    SIZE(struct ucred);
    SIZE(struct pollfd);
    AT(struct pollfd, events);
}

static void processes(void)
{
    SIZE(siginfo_t);
    AT(siginfo_t, si_code);
    AT(siginfo_t, si_pid);
    AT(siginfo_t, si_status);
    SIZE(struct rlimit64);
    SIZE(struct utsname);
    SIZE(sigset_t);
    SIZE(posix_spawnattr_t);
    SIZE(posix_spawn_file_actions_t);
    VALUE(RLIMIT_NOFILE);
    VALUE(RLIMIT_RTTIME);
    VALUE(RLIMIT_NPROC);
    VALUE(POSIX_SPAWN_SETSID);
    VALUE(POSIX_SPAWN_SETSIGDEF);
    VALUE(POSIX_SPAWN_SETSIGMASK);
}

static void flags(void)
{
    VALUE(O_DIRECTORY);
    VALUE(O_NOFOLLOW);
    VALUE(O_PATH);
    VALUE(O_TMPFILE);
    VALUE(O_CLOEXEC);
    VALUE(O_NOCTTY);
    VALUE(O_NONBLOCK);
    VALUE(O_APPEND);
    VALUE(O_TRUNC);
    VALUE(O_EXCL);
    VALUE(O_CREAT);
}

int main(void)
{
    files();
    mounts();
    sockets();
    processes();
    flags();
    return 0;
}
