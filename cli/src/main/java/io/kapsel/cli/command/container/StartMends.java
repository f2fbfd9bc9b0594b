package io.kapsel.cli.command.container;

import java.util.List;
import java.util.regex.Pattern;

/** What likely helps when a container could not be started, by what was told. */
final class StartMends {
  private record Mend(Pattern told, String text) {}

  private static final List<Mend> ALL =
      List.of(
          mend(
              "exec '.*(ENOENT)",
              "there is no such program, or not the interpreter that it names: look what is there"
                  + " with 'kapsel export' or 'kapsel debug'"),
          mend("exec '.*(EACCES)", "make the file executable, and do not mount it noexec"),
          mend(
              "exec '.*(ENOEXEC)",
              "it is for another processor, or a script without #! in its first line"),
          mend(
              "(already allocated|EADDRINUSE)",
              "somebody has that port: 'kapsel ps --filter publish=PORT' and 'ss -ltnp' say who"),
          mend("bind source path does not exist", "make that file or directory on the host"),
          mend("(ENOSPC|EDQUOT)", "make room: 'kapsel system df', 'kapsel system prune'"),
          mend("(EMFILE|ENFILE)", "raise LimitNOFILE of the engine's unit"),
          mend("no such network|network '.*' not found", "'kapsel network ls', 'network create'"),
          mend("needs CAP_|ENOSYS", "'kapsel doctor' says what this machine lacks"),
          mend("is not running", "start that container first"));

  private StartMends() {}

  private static Mend mend(String told, String text) {
    return new Mend(Pattern.compile(told), text);
  }

  static String of(String message) {
    return ALL.stream()
        .filter(each -> each.told().matcher(message).find())
        .map(Mend::text)
        .findFirst()
        .orElse(
            "'kapsel explain run …' shows all steps of a start; 'kapsel doctor' what is lacking");
  }
}
