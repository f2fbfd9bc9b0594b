package io.kapsel.ocicli;

import io.kapsel.oci.Process;
import io.kapsel.runtime.LaunchException;

/** Why a program does not run, in the words that callers map to exit codes. */
final class Failures {
  private Failures() {}

  static String text(String prefix, Process process, RuntimeException failure) {
    String reason = String.valueOf(failure.getMessage());
    if (failure instanceof LaunchException e) {
      String program = process.args().getFirst();
      boolean path = program.contains("/");
      reason =
          switch (e.kind()) {
            case NOT_FOUND ->
                "exec: \"%s\": %s"
                    .formatted(
                        program,
                        path
                            ? "stat " + program + ": no such file or directory"
                            : "executable file not found in $PATH");
            case NOT_EXECUTABLE ->
                "exec: \"%s\": %s"
                    .formatted(
                        program,
                        reason.contains("EISDIR") ? "is a directory" : "permission denied");
            case REFUSED, FAILED -> reason;
          };
    }
    return prefix + ": " + reason;
  }
}
