package io.kapsel.ocicli;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.Json;
import io.kapsel.oci.Capabilities;
import io.kapsel.oci.Process;
import io.kapsel.oci.Spec;
import io.kapsel.oci.User;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The program of an {@code exec}: from a file, or the container's own with changes. */
final class ExecProcess {
  static final List<Option> OPTIONS =
      List.of(
          Option.of("console-socket", "PATH", "where the terminal's other side is sent"),
          Option.of("pidfd-socket", "PATH", "where the program's pidfd is sent"),
          Option.of("cwd", "DIR", "the working directory in the container"),
          Option.of("env, e", "NAME=VALUE", "one more variable"),
          Option.toggle("tty, t", "with a terminal"),
          Option.of("user, u", "UID[:GID]", "as whom"),
          Option.of("additional-gids, g", "GID", "one more group"),
          Option.of("process, p", "FILE", "the whole process as JSON"),
          Option.toggle("detach, d", "leave when the program runs"),
          Option.of("pid-file", "FILE", "where the program's pid is written"),
          Option.of("process-label", "LABEL", "the SELinux label"),
          Option.of("apparmor", "PROFILE", "the AppArmor profile"),
          Option.toggle("no-new-privs", "no program gives it more rights"),
          Option.of("cap, c", "CAPABILITY", "one more capability"),
          Option.of("preserve-fds", "N", "pass N more descriptors to the program"),
          Option.of("cgroup", "[CONTROLLER:]PATH", "in a group below the container's"),
          Option.toggle("ignore-paused", "also in a paused container"));

  private ExecProcess() {}

  static Process of(Call call, Spec spec) {
    Words words = call.words();
    Optional<String> file = words.text("process");
    if (file.isPresent()) {
      try {
        return checked(Json.read(Files.readAllBytes(call.places().of(file.get())), Process.class));
      } catch (IOException e) {
        throw new OciException("open " + file.get() + ": " + AtomicFile.reason(e), e);
      }
    }
    if (words.operands().size() < 2) {
      throw new OciException("exec args cannot be empty");
    }
    Process base = spec.process().orElseThrow();
    List<String> env = new ArrayList<>(base.env());
    env.addAll(words.all("env"));
    return new Process(
        words.is("tty"),
        Optional.empty(),
        user(words, base.user()),
        words.operands().subList(1, words.operands().size()),
        env,
        words.text("cwd").orElse(base.cwd()),
        base.capabilities().map(each -> more(each, words.all("cap"))),
        base.rlimits(),
        words.last("no-new-privs").isPresent() ? words.is("no-new-privs") : base.noNewPrivileges(),
        words.text("apparmor").or(base::apparmorProfile),
        base.oomScoreAdj(),
        base.scheduler(),
        words.text("process-label").or(base::selinuxLabel),
        base.ioPriority(),
        base.execCpuAffinity());
  }

  private static Process checked(Process process) {
    if (process.args().isEmpty()) {
      throw new OciException("args must not be empty");
    }
    return process;
  }

  private static User user(Words words, User base) {
    Optional<String> asked = words.text("user");
    List<Long> groups = new ArrayList<>(base.additionalGids());
    words.all("additional-gids").forEach(gid -> groups.add(number(gid, "additional gid")));
    long uid = asked.map(each -> number(each.split(":", 2)[0], "bad uid")).orElse(base.uid());
    long gid =
        asked
            .filter(each -> each.contains(":"))
            .map(each -> number(each.split(":", 2)[1], "bad gid"))
            .orElse(base.gid());
    return new User(uid, gid, base.umask(), groups, base.username());
  }

  private static long number(String text, String what) {
    if (!text.matches("\\d{1,10}")) {
      throw new OciException(what + ": parsing \"" + text + "\": invalid syntax");
    }
    return Long.parseLong(text);
  }

  /**
   * Into the ambient set only where there is an inheritable one, without which it has no effect.
   */
  private static Capabilities more(Capabilities base, List<String> more) {
    if (more.isEmpty()) {
      return base;
    }
    return new Capabilities(
        with(base.bounding(), more),
        with(base.effective(), more),
        base.inheritable(),
        with(base.permitted(), more),
        base.inheritable().isEmpty() ? base.ambient() : with(base.ambient(), more));
  }

  private static List<String> with(List<String> some, List<String> more) {
    List<String> all = new ArrayList<>(some);
    more.stream().filter(each -> !all.contains(each)).forEach(all::add);
    return all;
  }
}
