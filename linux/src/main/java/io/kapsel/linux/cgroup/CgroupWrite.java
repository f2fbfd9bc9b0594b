package io.kapsel.linux.cgroup;

/**
 * One value in one file of a control group.
 *
 * @param controller whose hierarchy, by its version 2 name
 * @param optional whether a kernel without the file does no harm
 */
public record CgroupWrite(String controller, String file, String value, boolean optional) {
  /** One that must succeed. */
  public CgroupWrite(String controller, String file, String value) {
    this(controller, file, value, false);
  }
}
