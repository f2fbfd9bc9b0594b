package io.kapsel.lxc;

import io.kapsel.oci.Mount;
import io.kapsel.oci.Namespace;
import io.kapsel.oci.Spec;
import java.util.List;
import java.util.regex.Pattern;

/**
 * How {@code lxc.mount.auto} has /proc, /sys and the control groups. What is written there of the
 * host's is guarded by its owner, who is nobody in the container's user namespace; so whether it is
 * mounted read-only is for its configuration to say.
 */
final class LxcAuto {
  private static final String KEY = "lxc.mount.auto";

  /** The whole hierarchy, in a namespace of control groups, is the container's own group. */
  private static final Pattern WORD =
      Pattern.compile(
          "proc(:(rw|mixed))?|sys(:(rw|ro|mixed))?|cgroup(-full)?(:(rw|ro|mixed))?(:force)?");

  private static final Pattern GROUPS_READ_ONLY = Pattern.compile("cgroup(-full)?:ro(:force)?");

  private final List<String> words;

  LxcAuto(LxcConfig config) {
    words = config.all(KEY).stream().flatMap(each -> words(each).stream()).toList();
  }

  private static List<String> words(LxcConfig.Entry entry) {
    return LxcPlan.words(entry.value());
  }

  /** Refuses what there is not. */
  static void check(LxcConfig.Entry entry) {
    for (String word : words(entry)) {
      if (word.startsWith("shmounts:")) {
        throw entry.wrong(
            "a running container gets mounts by 'kapsel device add -v', without such a directory");
      }
      if (!WORD.matcher(word).matches()) {
        throw entry.wrong("'" + word + "' is nothing that can be mounted");
      }
    }
  }

  /** Whether something is said that is not so anyway. */
  boolean changes() {
    return says("proc:rw") || says("sys:rw") || groupsReadOnly();
  }

  /** Of what is said of one of them, the last word counts. */
  private boolean says(String word) {
    return last(word.split(":", 2)[0]).equals(word);
  }

  private boolean groupsReadOnly() {
    return GROUPS_READ_ONLY.matcher(last("cgroup")).matches();
  }

  private String last(String what) {
    return words.reversed().stream().filter(it -> it.startsWith(what)).findFirst().orElse("");
  }

  /** A configuration of the engine's with what is said. */
  Spec in(Spec configuration) {
    boolean guarded =
        configuration.linux().flatMap(it -> it.namespace(Namespace.Type.USER)).isPresent();
    if (!guarded && (says("proc:rw") || says("sys:rw"))) {
      throw new LxcException(
          "'proc:rw' and 'sys:rw' of lxc.mount.auto are for a container in a user namespace");
    }
    List<Mount> mounts =
        configuration.mounts().stream()
            .map(each -> says("sys:rw") ? with(each, "/sys", "ro", "rw") : each)
            .map(each -> groupsReadOnly() ? with(each, "/sys/fs/cgroup", "rw", "ro") : each)
            .toList();
    Spec mounted = configuration.withMounts(mounts);
    return says("proc:rw")
        ? mounted.withLinux(mounted.linux().map(it -> it.withReadonlyPaths(List.of())))
        : mounted;
  }

  private static Mount with(Mount mount, String place, String before, String after) {
    return mount.destination().equals(place)
        ? mount.withOptions(
            mount.options().stream().map(it -> it.equals(before) ? after : it).toList())
        : mount;
  }
}
