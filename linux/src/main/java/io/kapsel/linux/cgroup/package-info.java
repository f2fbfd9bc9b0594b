/** Control groups, version 2, hybrid and version 1; see cgroups(7). */
package io.kapsel.linux.cgroup;
