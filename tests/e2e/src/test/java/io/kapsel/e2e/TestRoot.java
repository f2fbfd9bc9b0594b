package io.kapsel.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A small root file system: a static busybox and the probe that is compiled for these tests. */
final class TestRoot {
  private static final Path ROOT = make();

  private TestRoot() {}

  static Path path() {
    return ROOT;
  }

  /** As {@code kapsel run} wants it. */
  static String reference() {
    return "dir:" + ROOT;
  }

  private static Path make() {
    try {
      Path root = Files.createTempDirectory(Path.of("/tmp"), "kapsel-root-");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> HostFiles.delete(root)));
      for (String directory : List.of("bin", "etc", "tmp", "root", "home/user", "srv", "var/tmp")) {
        Files.createDirectories(root.resolve(directory));
      }
      install(root);
      accounts(root);
      Command.of("chmod", "755", root.toString()).run().ok();
      Command.of("chmod", "1777", root.resolve("tmp").toString()).run().ok();
      Command.of("chown", "1000:1000", root.resolve("home/user").toString()).run().ok();
      return root;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void install(Path root) throws IOException {
    Path bin = root.resolve("bin");
    Files.copy(Path.of("/bin/busybox"), bin.resolve("busybox"));
    for (String applet : Command.of("/bin/busybox", "--list").run().ok().lines()) {
      Path link = bin.resolve(applet);
      if (!applet.equals("busybox")
          && Files.notExists(link, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
        Files.createSymbolicLink(link, Path.of("busybox"));
      }
    }
    compile(bin.resolve("probe"));
    Files.copy(bin.resolve("probe"), bin.resolve("probe-setuid"));
    Command.of("chmod", "4755", bin.resolve("probe-setuid").toString()).run().ok();
    Files.writeString(bin.resolve("not-executable"), "#!/bin/sh\n");
    Files.writeString(bin.resolve("garbage"), "\0\1\2 not a program\n");
    Files.writeString(bin.resolve("no-interpreter"), "#!/bin/does-not-exist\n");
    Command.of("chmod", "755", bin.resolve("garbage").toString()).run().ok();
    Command.of("chmod", "755", bin.resolve("no-interpreter").toString()).run().ok();
  }

  private static void accounts(Path root) throws IOException {
    Files.writeString(
        root.resolve("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:A user:/home/user:/bin/sh\n");
    Files.writeString(
        root.resolve("etc/group"), "root:x:0:\nuser:x:1000:\nextra:x:2000:user\nother:x:3000:\n");
  }

  private static void compile(Path target) throws IOException {
    Path sources = Path.of("src/test/c").toAbsolutePath();
    try (Stream<Path> files = Files.list(sources)) {
      List<String> words =
          Stream.concat(
                  Stream.of("gcc", "-static", "-O1", "-o", target.toString()),
                  files.map(Path::toString).filter(name -> name.endsWith(".c")).sorted())
              .toList();
      new Command(words).run().ok();
    }
  }
}
