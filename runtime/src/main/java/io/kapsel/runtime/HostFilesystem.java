package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.mount.FilesystemContext;
import java.util.List;

/**
 * File systems that are made of what lies on the host, such as overlay or a disk: mounted by the
 * engine, which can reach that, and handed over detached.
 */
final class HostFilesystem {
  private HostFilesystem() {}

  /** Whether a type needs nothing but the kernel, so that the container's own root may mount it. */
  static boolean isOfTheKernel(String type, String source) {
    return !type.equals("overlay") && !source.startsWith("/");
  }

  static String described(String type, List<String> options) {
    return type + (options.isEmpty() ? "" : "\n" + String.join("\n", options));
  }

  static Fd mount(String described) {
    List<String> lines = described.lines().toList();
    try (FilesystemContext context = FilesystemContext.open(lines.getFirst())) {
      try {
        for (String option : lines.subList(1, lines.size())) {
          int equals = option.indexOf('=');
          if (equals < 0) {
            context.flag(option);
          } else {
            context.option(option.substring(0, equals), option.substring(equals + 1));
          }
        }
        return context.mount(0);
      } catch (SyscallException e) {
        List<String> said = context.messages();
        throw new LaunchException(
            LaunchException.Kind.FAILED,
            e.getMessage() + (said.isEmpty() ? "" : "; " + String.join("; ", said)));
      }
    }
  }
}
