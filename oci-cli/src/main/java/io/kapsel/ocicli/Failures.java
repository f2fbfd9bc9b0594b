package io.kapsel.ocicli;

import io.kapsel.oci.Process;
import io.kapsel.runtime.LaunchException;

/** Why a program does not run, in the words that callers map to exit codes. */
final class Failures {
  /** It was there, and yet the kernel did not run it: its interpreter may be missing. */
  private static final String TRIED = "exec '";

  /** How the reason begins where the program has nowhere to begin. */
  private static final String DIRECTORY = "the working directory";

  private Failures() {}

  /** The exit code of a program that was there and could not be executed. */
  static final int NOT_RUN = 255;

  /** Whoever runs a program in the foreground is told this by the program's own process. */
  static boolean isTheProgramsOwn(RuntimeException failure) {
    return String.valueOf(failure.getMessage()).startsWith(TRIED);
  }

  static String text(String prefix, Process process, RuntimeException failure) {
    return prefix + ": " + reason(process, failure);
  }

  static String reason(Process process, RuntimeException failure) {
    String reason = String.valueOf(failure.getMessage());
    String program = process.args().getFirst();
    if (reason.startsWith(TRIED)) {
      reason = "exec " + program + ": " + withoutName(reason.substring(reason.indexOf("': ") + 3));
    } else if (failure instanceof LaunchException e) {
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
                reason.startsWith(DIRECTORY)
                    ? reason
                    : "exec: \"%s\": %s".formatted(program, refusal(reason));
            case REFUSED, FAILED -> reason;
          };
    }
    return reason;
  }

  private static String withoutName(String errno) {
    return errno.replaceAll(" \\(E\\w+\\)$", "");
  }

  private static String refusal(String reason) {
    if (reason.contains("(EISDIR)")) {
      return "is a directory";
    }
    if (reason.contains("(E2BIG)")) {
      return "argument list too long";
    }
    return reason.contains("(ENOEXEC)") ? "exec format error" : "permission denied";
  }
}
