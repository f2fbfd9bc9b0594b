package io.kapsel.e2e;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The command line that Docker and Podman share.
 *
 * @param prefix the program and the flags that lead it to our places
 * @param flags what {@code run} needs besides
 * @param removal the words that remove a container at once, whether it runs or not
 */
record DockerLike(List<String> prefix, List<String> flags, List<String> removal) {
  private static final Duration LIMIT = Duration.ofSeconds(90);

  Command command(String... words) {
    List<String> all = new ArrayList<>(prefix);
    all.addAll(List.of(words));
    return new Command(all).env("HOME", "/root").env("TERM", "xterm").within(LIMIT);
  }

  Result call(String... words) {
    return command(words).run();
  }

  /** The words of {@code run} with these flags, image and program. */
  Command running(List<String> more, String... program) {
    List<String> words = new ArrayList<>(List.of("run"));
    words.addAll(flags);
    words.addAll(more);
    words.add(CallerTest.IMAGE);
    words.addAll(List.of(program));
    return command(words.toArray(String[]::new));
  }

  Result run(List<String> more, String... program) {
    List<String> words = new ArrayList<>(List.of("--rm"));
    words.addAll(more);
    return running(words, program).run();
  }

  /** A container in the background. */
  void detached(String name, List<String> more, String... program) {
    List<String> words = new ArrayList<>(List.of("--detach", "--name", name));
    words.addAll(more);
    running(words, program).run().ok();
  }

  String inspect(String name, String template) {
    return call("inspect", "--format", template, name).ok().line();
  }

  long pid(String name) {
    return Long.parseLong(inspect(name, "{{.State.Pid}}"));
  }

  Cgroup cgroup(String name) {
    return new Cgroup(pid(name));
  }

  List<String> containers() {
    return call("ps", "--all", "--quiet").ok().lines();
  }

  void removeAll() {
    for (String id : containers()) {
      remove(id);
    }
  }

  void remove(String name) {
    List<String> words = new ArrayList<>(removal);
    words.add(name);
    call(words.toArray(String[]::new)).ok();
  }

  /** As a script of expect(1) spawns it. */
  String spawn() {
    List<String> words = new ArrayList<>(prefix);
    words.add("run");
    words.addAll(flags);
    return String.join(" ", words);
  }
}
