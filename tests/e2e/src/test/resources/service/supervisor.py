#!/usr/bin/env python3
"""A service manager of one service: supervisor.py SOCKET NOTIFY PROGRAM...

Listens at SOCKET, hands that to PROGRAM as systemd does, and prints what it is told at NOTIFY. Ends with the program,
which it asks to end when its own input ends.
"""
import os
import signal
import socket
import sys
import threading

path, notify, program = sys.argv[1], sys.argv[2], sys.argv[3:]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
if os.path.exists(path):
    os.unlink(path)
listener.bind(path)
listener.listen(16)
told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
told.bind(notify)

print("listening", flush=True)
pid = os.fork()
if pid == 0:
    told.close()
    os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)
    os.environ.update(
        LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", NOTIFY_SOCKET=notify,
        WATCHDOG_USEC="400000", WATCHDOG_PID=str(os.getpid()))
    os.execv(program[0], program)


def end():
    sys.stdin.read()
    os.kill(pid, signal.SIGTERM)


def hear():
    while True:
        for line in told.recv(4096).decode().splitlines():
            print(line, flush=True)


threading.Thread(target=hear, daemon=True).start()
threading.Thread(target=end, daemon=True).start()
print("ended", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
