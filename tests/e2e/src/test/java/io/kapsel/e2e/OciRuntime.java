package io.kapsel.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An OCI runtime with a root directory and a bundle of its own: ours, or the one that callers know,
 * which is asked the same so that a wrong expectation shows.
 */
final class OciRuntime implements AutoCloseable {
  private final Product product;
  private final String program;
  private final Path home;

  OciRuntime(Product product, String name) {
    this.product = product;
    this.program =
        name.equals("runc") ? "runc" : Product.DIST.resolve("bin").resolve(name).toString();
    try {
      this.home = Files.createTempDirectory(Path.of("/tmp"), "kapsel-oci-");
      Files.createDirectory(bundle());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path bundle() {
    return home.resolve("b");
  }

  Path file(String name) {
    return home.resolve(name);
  }

  String read(String name) {
    return HostFiles.read(file(name).toString());
  }

  /** A bundle whose program is {@code words}, without a terminal. */
  OciRuntime program(String... words) {
    List<String> quoted = Arrays.stream(words).map(word -> '"' + word + '"').toList();
    String configuration =
        """
        {"ociVersion":"1.0.2","process":{"terminal":false,"user":{"uid":0,"gid":0},"cwd":"/",
        "args":[%s],"env":["PATH=/bin"],"noNewPrivileges":true},
        "root":{"path":"%s","readonly":true},"annotations":{"org.example":"yes"},
        "mounts":[{"destination":"/proc","type":"proc","source":"proc"},
        {"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","mode=755"]},
        {"destination":"/dev/pts","type":"devpts","source":"devpts",
        "options":["newinstance","ptmxmode=0666"]}],
        "linux":{"namespaces":[{"type":"pid"},{"type":"mount"},{"type":"ipc"},{"type":"uts"}]}}
        """
            .formatted(String.join(",", quoted), TestRoot.path());
    try {
      Files.writeString(bundle().resolve("config.json"), configuration);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /** Another text in the configuration, which must be there. */
  OciRuntime change(String from, String to) {
    Path file = bundle().resolve("config.json");
    try {
      String text = Files.readString(file);
      if (!text.contains(from)) {
        throw new AssertionError("the configuration has no " + from);
      }
      Files.writeString(file, text.replace(from, to));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /** One more mount, as JSON. */
  OciRuntime mount(String mount) {
    return change("\"ptmxmode=0666\"]}", "\"ptmxmode=0666\"]}," + mount);
  }

  /** One more property of the part {@code linux}, as JSON. */
  OciRuntime linux(String property) {
    return change("\"linux\":{", "\"linux\":{" + property + ",");
  }

  /** One more property of the part {@code process}, as JSON. */
  OciRuntime process(String property) {
    return change("\"process\":{", "\"process\":{" + property + ",");
  }

  String program() {
    return program;
  }

  Command command(String... words) {
    List<String> all = new ArrayList<>(List.of(program, "--root", file("root").toString()));
    all.addAll(List.of(words));
    return product.environment(new Command(all)).in(bundle());
  }

  Result call(String... words) {
    return command(words).run();
  }

  /** A created or detached container must not keep our pipes: its streams are files. */
  Result detached(String command, String... words) {
    List<String> line = new ArrayList<>(List.of(program, "--root", file("root").toString()));
    line.add(command);
    line.addAll(List.of(words));
    String script =
        "\"$@\" </dev/zero >%s 2>%s; code=$?; cat %s >&2; exit $code"
            .formatted(file("out"), file("err"), file("err"));
    List<String> shell = new ArrayList<>(List.of("/bin/sh", "-c", script, "sh"));
    shell.addAll(line);
    return product.environment(new Command(shell)).in(bundle()).run();
  }

  String status(String id) {
    return call("state", id).ok().out().replaceAll("(?s).*\"status\"\\s*:\\s*\"(\\w+)\".*", "$1");
  }

  @Override
  public void close() {
    for (String id : call("list", "-q").lines()) {
      call("delete", "--force", id);
    }
    HostFiles.delete(home);
  }
}
