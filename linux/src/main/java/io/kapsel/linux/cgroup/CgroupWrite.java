package io.kapsel.linux.cgroup;

/**
 * One value in one file of a control group.
 *
 * @param controller whose hierarchy, by its version 2 name
 */
public record CgroupWrite(String controller, String file, String value) {}
