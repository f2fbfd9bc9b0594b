package io.kapsel.ocicli;

import io.kapsel.base.AtomicFile;
import io.kapsel.base.Json;
import io.kapsel.linux.Fd;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.runtime.Bundle;
import io.kapsel.runtime.External;
import io.kapsel.runtime.FrozenStreams;
import io.kapsel.runtime.criu.CriuException;
import io.kapsel.runtime.criu.CriuField;
import io.kapsel.runtime.criu.CriuMessage;
import io.kapsel.runtime.criu.CriuSession.Request;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code checkpoint}: freezes a container into files, by CRIU. */
final class CheckpointCommand implements Command {
  /** Which streams its first process had, in the images' directory. */
  static final String DESCRIPTORS = "descriptors.json";

  /** What that file has: the targets of its first three descriptors in /proc. */
  record Streams(List<String> links) {
    /** Copies the list. */
    Streams {
      links = List.copyOf(links);
    }
  }

  @Override
  public String name() {
    return "checkpoint";
  }

  @Override
  public String operands() {
    return "<container-id>";
  }

  @Override
  public String meaning() {
    return "freeze a container into files";
  }

  @Override
  public Arity arity() {
    return Arity.ONE;
  }

  @Override
  public List<Option> options() {
    List<Option> all = new ArrayList<>(CriuOptions.COMMON);
    all.addAll(
        List.of(
            Option.toggle("leave-running", "the container goes on"),
            Option.toggle("pre-dump", "only its memory, while it goes on"),
            Option.of("parent-path", "DIR", "earlier images, relative to the image path"),
            Option.of("page-server", "ADDRESS:PORT", "memory goes there"),
            Option.of("status-fd", "N", "gets a byte when pages can be asked for")));
    return all;
  }

  @Override
  public int run(Call call) {
    Container container = call.store().find(call.id());
    Status status = container.status();
    if (status == Status.CREATED || status == Status.STOPPED) {
      throw new OciException("Container cannot be checkpointed in " + status.word() + " state");
    }
    if (!call.who().isRoot()) {
      throw new OciException("criu needs root: a user's container cannot be checkpointed");
    }
    boolean ahead = call.words().is("pre-dump");
    if (ahead && call.words().is("lazy-pages")) {
      throw new OciException("--pre-dump and --lazy-pages exclude each other");
    }
    Path work = container.directory().resolve("criu.work");
    try (CriuOptions options = new CriuOptions(call, work, "dump.log")) {
      options.makeDirectories(true);
      CriuMessage message = message(call, container, options, ahead);
      if (!ahead) {
        describe(container, options.images());
      }
      try {
        options.program().dump(ahead ? Request.PRE_DUMP : Request.DUMP, message);
      } catch (CriuException e) {
        throw options.failed(e);
      }
    }
    if (!ahead && !call.words().is("leave-running")) {
      DeleteCommand.destroy(call, container);
    }
    return 0;
  }

  private static CriuMessage message(
      Call call, Container container, CriuOptions options, boolean ahead) {
    Words words = call.words();
    Bundle bundle = container.bundle();
    String root = "/proc/" + container.kept().pid() + "/root";
    CriuMessage message =
        options.message(
            External.ofRunning(bundle, call.runtime().facts(), container.kept().groups(), root),
            container.kept().annotations());
    options.directories(message);
    message
        .number(CriuField.PID, container.kept().pid())
        .flag(CriuField.LEAVE_RUNNING, words.is("leave-running"))
        .flag(CriuField.TRACK_MEMORY, ahead || words.text("parent-path").isPresent());
    External.namespaces(bundle).values().forEach(each -> message.text(CriuField.EXTERNAL, each));
    container
        .groups()
        .group("freezer")
        .or(container.groups()::unified)
        .ifPresent(group -> message.text(CriuField.FREEZER, group.toString()));
    words
        .text("parent-path")
        .ifPresent(path -> message.text(CriuField.PARENT, parent(options, path)));
    words
        .text("page-server")
        .ifPresent(address -> message.message(CriuField.PAGE_SERVER, server(address)));
    if (words.text("status-fd").isPresent()) {
      message.number(CriuField.STATUS, status(call, options));
    }
    return message;
  }

  private static String parent(CriuOptions options, String path) {
    if (path.startsWith("/")) {
      throw new OciException("--parent-path must be relative to --image-path: " + path);
    }
    if (!Files.isDirectory(options.images().resolve(path))) {
      throw new OciException(
          "invalid --parent-path: stat "
              + options.images().resolve(path)
              + ": no such file or directory");
    }
    return path;
  }

  private static CriuMessage server(String text) {
    int colon = text.lastIndexOf(':');
    if (colon <= 0 || !text.substring(colon + 1).matches("\\d{1,5}")) {
      throw new OciException("Use --page-server ADDRESS:PORT to specify page server");
    }
    return new CriuMessage()
        .text(1, text.substring(0, colon))
        .number(2, Integer.parseInt(text.substring(colon + 1)));
  }

  private static int status(Call call, CriuOptions options) {
    int number = call.words().number("status-fd", -1);
    Path file =
        Path.of("/proc", Integer.toString(call.caller().pid()), "fd", Integer.toString(number));
    Fd open = Open.path(file.toString(), OpenFlags.WRITE);
    return options.keep(open);
  }

  private static void describe(Container container, Path images) {
    AtomicFile.write(
        images.resolve(DESCRIPTORS),
        Json.write(new Streams(FrozenStreams.of(container.kept().pid()))),
        AtomicFile.Durability.SURVIVES_CRASH);
  }
}
