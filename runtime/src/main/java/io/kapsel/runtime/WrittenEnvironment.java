package io.kapsel.runtime;

import io.kapsel.oci.Process;
import io.kapsel.oci.Spec;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Environments as runtimes make them: of one name the last value, and HOME in any case. */
final class WrittenEnvironment {
  private WrittenEnvironment() {}

  static Spec complete(Spec spec, Path root) {
    return new Spec(
        spec.ociVersion(),
        spec.process().map(process -> complete(process, root)),
        spec.root(),
        spec.hostname(),
        spec.domainname(),
        spec.mounts(),
        spec.hooks(),
        spec.annotations(),
        spec.linux());
  }

  /** A process whose environment is whole. */
  static Process complete(Process process, Path root) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String each : process.env()) {
      String name = each.substring(0, Math.max(each.indexOf('='), 0));
      values.remove(name);
      values.put(name, each);
    }
    if (!values.containsKey("HOME") || values.get("HOME").equals("HOME=")) {
      String home = RootLook.home(root, process.user().uid()).orElse("/");
      values.put("HOME", "HOME=" + (home.isEmpty() ? "/" : home));
    }
    return process.withEnv(List.copyOf(values.values()));
  }
}
