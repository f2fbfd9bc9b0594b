package io.kapsel.runtime;

import io.kapsel.linux.file.OpenFlags;
import io.kapsel.runtime.plan.Value;
import io.kapsel.runtime.plan.Value.Constant;

/** The constants of the manual pages that plans use, with their names. */
final class Flag {
  static final Constant CWD = Value.named("AT_FDCWD", -100);
  static final Constant ZERO = Value.of(0);
  static final Constant NULL = Value.named("NULL", 0);

  static final Constant CLOSE_ON_EXEC = Value.named("O_CLOEXEC", OpenFlags.CLOSE_ON_EXEC);
  static final Constant READ = Value.named("O_RDONLY", 0);
  static final Constant WRITE = Value.named("O_WRONLY", OpenFlags.WRITE);
  static final Constant READ_WRITE = Value.named("O_RDWR", OpenFlags.READ_WRITE);
  static final Constant DIRECTORY = Value.named("O_DIRECTORY", OpenFlags.DIRECTORY);
  static final Constant PATH = Value.named("O_PATH", OpenFlags.PATH);
  static final Constant NO_TERMINAL = Value.named("O_NOCTTY", OpenFlags.NO_TERMINAL);

  static final Constant EMPTY_PATH = Value.named("AT_EMPTY_PATH", 0x1000);
  static final Constant NO_FOLLOW = Value.named("AT_SYMLINK_NOFOLLOW", 0x100);
  static final Constant RECURSIVE = Value.named("AT_RECURSIVE", 0x8000);
  static final Constant TREE_CLONE = Value.named("OPEN_TREE_CLONE", 1);
  static final Constant TREE_CLOEXEC = Value.named("OPEN_TREE_CLOEXEC", OpenFlags.CLOSE_ON_EXEC);
  static final Constant FROM_EMPTY = Value.named("MOVE_MOUNT_F_EMPTY_PATH", 4);
  static final Constant TO_EMPTY = Value.named("MOVE_MOUNT_T_EMPTY_PATH", 0x40);

  static final Constant READ_ONLY = Value.named("MOUNT_ATTR_RDONLY", 1);
  static final Constant NO_SUID = Value.named("MOUNT_ATTR_NOSUID", 2);
  static final Constant NO_DEVICES = Value.named("MOUNT_ATTR_NODEV", 4);
  static final Constant NO_EXECUTION = Value.named("MOUNT_ATTR_NOEXEC", 8);
  static final long ID_MAP = 0x100000;

  static final Constant SET_FLAG = Value.named("FSCONFIG_SET_FLAG", 0);
  static final Constant SET_STRING = Value.named("FSCONFIG_SET_STRING", 1);
  static final Constant SET_FD = Value.named("FSCONFIG_SET_FD", 5);
  static final Constant CREATE = Value.named("FSCONFIG_CMD_CREATE", 6);
  static final Constant CONTEXT_CLOEXEC = Value.named("FSOPEN_CLOEXEC", 1);
  static final Constant MOUNT_CLOEXEC = Value.named("FSMOUNT_CLOEXEC", 1);

  static final Constant NEW_MOUNT = Value.named("CLONE_NEWNS", 0x20000);
  static final Constant NEW_CGROUP = Value.named("CLONE_NEWCGROUP", 0x2000000);
  static final Constant NEW_UTS = Value.named("CLONE_NEWUTS", 0x4000000);
  static final Constant NEW_IPC = Value.named("CLONE_NEWIPC", 0x8000000);
  static final Constant NEW_USER = Value.named("CLONE_NEWUSER", 0x10000000);
  static final Constant NEW_PID = Value.named("CLONE_NEWPID", 0x20000000);
  static final Constant NEW_NETWORK = Value.named("CLONE_NEWNET", 0x40000000);
  static final Constant NEW_TIME = Value.named("CLONE_NEWTIME", 0x80);
  static final Constant SAME_PARENT = Value.named("CLONE_PARENT", 0x8000);

  static final Constant MUST_EXIST = Value.named("existing", 0);
  static final Constant MUST_EXIST_UNLINKED = Value.named("existing, no link", 4);
  static final Constant MAKE_DIRECTORY = Value.named("directory", 1);
  static final Constant MAKE_FILE = Value.named("file", 2);
  static final Constant OWN_DIRECTORY = Value.named("directory, no link", 5);

  static final Constant BETWEEN_DESCRIPTORS = Value.all(FROM_EMPTY, TO_EMPTY);
  static final Constant THIS_AND_BELOW = Value.all(EMPTY_PATH, RECURSIVE);
  static final Constant COPY = Value.all(TREE_CLONE, TREE_CLOEXEC, EMPTY_PATH);
  static final Constant COPY_BELOW = Value.all(COPY, RECURSIVE);
  static final Constant WRITE_PRIVATELY = Value.all(WRITE, CLOSE_ON_EXEC);
  static final Constant READ_PRIVATELY = Value.all(READ, CLOSE_ON_EXEC);
  static final Constant STRICT = Value.all(READ_ONLY, NO_SUID, NO_DEVICES, NO_EXECUTION);

  private Flag() {}
}
