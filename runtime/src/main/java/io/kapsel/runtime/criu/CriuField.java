package io.kapsel.runtime.criu;

/** The fields of what CRIU is asked, by their numbers in its protocol (rpc.proto, criu_opts). */
public final class CriuField {
  /** The descriptor of the directory of the images. */
  public static final int IMAGES = 1;

  /** The process whose tree is frozen. */
  public static final int PID = 2;

  /** Whether the tree goes on after a dump. */
  public static final int LEAVE_RUNNING = 3;

  /** Whether connections of TCP are kept. */
  public static final int CONNECTIONS = 5;

  /** Whether locks of files are kept. */
  public static final int FILE_LOCKS = 8;

  /** How much is logged. */
  public static final int LOG_LEVEL = 9;

  /** The name of the log. */
  public static final int LOG_FILE = 10;

  /** Whether the asker is told of stages. */
  public static final int NOTIFY = 12;

  /** The root that a restored tree gets. */
  public static final int ROOT = 13;

  /** Earlier images, relative to these. */
  public static final int PARENT = 14;

  /** Whether changes of memory are tracked from now on. */
  public static final int TRACK_MEMORY = 15;

  /** The descriptor of the directory of the log. */
  public static final int WORK = 17;

  /** Whether files that have no name are given one for a while. */
  public static final int REMAP = 18;

  /** A mount that is the host's: a key and a value. */
  public static final int EXTERNAL_MOUNT = 23;

  /** Whether control groups are kept. */
  public static final int CGROUPS = 24;

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

  /** Whether terminals whose other side is outside are sent to the asker. */
  public static final int ORPHANS = 50;

  private CriuField() {}
}
