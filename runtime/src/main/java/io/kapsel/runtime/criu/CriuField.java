package io.kapsel.runtime.criu;

/** The fields of what CRIU is asked, by their numbers in its protocol (rpc.proto, criu_opts). */
public final class CriuField {
  /** The descriptor of the directory of the images. */
  public static final int IMAGES = 1;

  /** The process whose tree is frozen. */
  public static final int PID = 2;

  /** Whether the tree goes on after a dump. */
  public static final int LEAVE_RUNNING = 3;

  /** Whether Unix sockets may be connected to others. */
  public static final int EXTERNAL_SOCKETS = 4;

  /** Whether connections of TCP are kept. */
  public static final int CONNECTIONS = 5;

  /** Whether the terminal is the one of who asks. */
  public static final int SHELL_JOB = 7;

  /** Whether locks of files are kept. */
  public static final int FILE_LOCKS = 8;

  /** How much is logged. */
  public static final int LOG_LEVEL = 9;

  /** The name of the log. */
  public static final int LOG_FILE = 10;

  /** Where memory is sent: an address and a port. */
  public static final int PAGE_SERVER = 11;

  /** Whether the asker is told of stages. */
  public static final int NOTIFY = 12;

  /** The root that a restored tree gets. */
  public static final int ROOT = 13;

  /** Earlier images, relative to these. */
  public static final int PARENT = 14;

  /** Whether changes of memory are tracked from now on. */
  public static final int TRACK_MEMORY = 15;

  /** Whether memory is deleted from earlier images that is in these. */
  public static final int DEDUPLICATE = 16;

  /** The descriptor of the directory of the log. */
  public static final int WORK = 17;

  /** Whether files that have no name are given one for a while. */
  public static final int REMAP = 18;

  /** A mount that is the host's: a key and a value. */
  public static final int EXTERNAL_MOUNT = 23;

  /** Whether control groups are kept. */
  public static final int CGROUPS = 24;

  /** Where control groups are restored: a controller and a path. */
  public static final int CGROUP_ROOT = 25;

  /** Whether what is restored is a sibling of CRIU. */
  public static final int SIBLING = 26;

  /** A descriptor that takes the place of one in the images: a key and a number. */
  public static final int INHERIT = 27;

  /** How control groups are kept. */
  public static final int CGROUP_MODE = 34;

  /** Something that stays outside. */
  public static final int EXTERNAL = 37;

  /** Namespaces whose content is left out. */
  public static final int EMPTY = 38;

  /** The control group that is frozen meanwhile. */
  public static final int FREEZER = 44;

  /** Whether connections of TCP that are being made are left out. */
  public static final int NOT_IN_FLIGHT = 46;

  /** Whether memory is brought when it is used. */
  public static final int LAZY = 48;

  /** A descriptor that gets a byte when memory can be asked for. */
  public static final int STATUS = 49;

  /** Whether terminals whose other side is outside are sent to the asker. */
  public static final int ORPHANS = 50;

  /** A file with more options. */
  public static final int CONFIGURATION = 51;

  /** Whether connections of TCP are closed when they are restored. */
  public static final int CLOSE = 52;

  /** The label of security that a restored tree gets. */
  public static final int LABEL = 53;

  /** The label of security that restored mounts get. */
  public static final int LABEL_OF_MOUNTS = 63;

  /** How the network is locked meanwhile. */
  public static final int LOCK = 64;

  private CriuField() {}
}
