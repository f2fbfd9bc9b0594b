package io.kapsel.runtime.plan;

/**
 * A descriptor that the engine opens on the host and hands to the launcher, which can reach no host
 * file by itself.
 */
public record Input(Slot slot, Kind kind, String path, String reason) {
  private static final int INSTRUCTION = 16; // hexadecimal digits

  /** How it is opened. */
  public enum Kind {
    /** A detached copy of the mount at a path; open_tree(2). */
    TREE,
    /** The same with what is mounted below it. */
    TREE_RECURSIVE,
    /**
     * The same of a place below a directory, which no link in it leads out of: both, one a line.
     */
    TREE_BELOW,
    /** A directory, to work in. */
    DIRECTORY,
    /** A file to write to, made when it is missing. */
    WRITE,
    /** A file to write to that must exist. */
    WRITE_EXISTING,
    /** A file to read. */
    READ,
    /** A listening control socket that is made at the path. */
    LISTENER,
    /** A process, by pid; pidfd_open(2). */
    PROCESS,
    /** A file system that is mounted on the host, detached: its type and options, one a line. */
    FILESYSTEM,
    /** The same with a copy of a directory: the root, the place in it, then type and options. */
    COPY,
    /** A file in memory of a fixed size for what hooks say when they fail. */
    ERRORS,
    /** A user namespace with the mappings {@code uids/gids}, each as in /proc/PID/uid_map. */
    USER_NAMESPACE,
    /** A socket to the engine itself. */
    CHANNEL,
    /** A stream socket that is connected to the path; unix(7). */
    SOCKET,
    /** A filter for a control group's devices, by its instructions in hexadecimal; bpf(2). */
    DEVICE_PROGRAM
  }

  /** Whether both are the same but for the reason. */
  boolean opensLike(Input other) {
    return slot.equals(other.slot) && kind == other.kind && path.equals(other.path);
  }

  /** How the engine opens it, as a call. */
  public String shown() {
    return switch (kind) {
      case TREE -> "open_tree(\"" + path + "\", OPEN_TREE_CLONE)";
      case TREE_RECURSIVE -> "open_tree(\"" + path + "\", OPEN_TREE_CLONE|AT_RECURSIVE)";
      case TREE_BELOW ->
          "open_tree(openat2(\""
              + path.replace("\n", "\", \"")
              + "\", RESOLVE_BENEATH), OPEN_TREE_CLONE|AT_RECURSIVE)";
      case DIRECTORY -> "open(\"" + path + "\", O_DIRECTORY)";
      case WRITE -> "open(\"" + path + "\", O_WRONLY|O_CREAT)";
      case WRITE_EXISTING -> "open(\"" + path + "\", O_WRONLY)";
      case READ -> "open(\"" + path + "\", O_RDONLY)";
      case LISTENER -> "listen(\"" + path + "\")";
      case SOCKET -> "connect(\"" + path + "\")";
      case PROCESS -> "pidfd_open(" + path + ")";
      case FILESYSTEM -> "mount(" + path.replace("\n", ", ") + ")";
      case COPY -> "mount_copy(" + path.replace("\n", ", ") + ")";
      case CHANNEL -> "socketpair(\"" + path + "\")";
      case ERRORS -> "memfd_create(\"" + path + "\")";
      case USER_NAMESPACE -> "user_namespace(\"" + path.replace("\n", ",") + "\")";
      case DEVICE_PROGRAM ->
          "bpf(BPF_PROG_LOAD, {CGROUP_DEVICE, " + path.length() / INSTRUCTION + " instructions})";
    };
  }
}
