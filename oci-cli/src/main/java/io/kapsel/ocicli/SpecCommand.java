package io.kapsel.ocicli;

import io.kapsel.base.AtomicFile;
import io.kapsel.linux.cgroup.CgroupHost;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** {@code spec}: writes a configuration to begin with. */
final class SpecCommand implements Command {
  @Override
  public String name() {
    return "spec";
  }

  @Override
  public String operands() {
    return "";
  }

  @Override
  public String meaning() {
    return "write a config.json to begin with";
  }

  @Override
  public Arity arity() {
    return Arity.NONE;
  }

  @Override
  public List<Option> options() {
    return List.of(
        Option.of("bundle, b", "DIR", "the bundle (the working directory)"),
        Option.toggle("rootless", "for a user who is not root"));
  }

  @Override
  public int run(Call call) {
    Path directory = call.places().of(call.words().last("bundle").orElse("."));
    Path file = directory.resolve("config.json");
    if (Files.exists(file)) {
      throw new OciException("File config.json exists. Remove it first");
    }
    try {
      Files.writeString(file, template(call), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new OciException("open " + file + ": " + AtomicFile.reason(e), e);
    }
    return 0;
  }

  private static String template(Call call) throws IOException {
    boolean rootless = call.words().is("rootless");
    String text = resource(rootless ? "spec-rootless.json" : "spec.json");
    CgroupHost.Mode mode = call.runtime().facts().cgroups().mode();
    if (mode != CgroupHost.Mode.V2) {
      text = text.replaceFirst(",\\s*\\{\\s*\"type\": \"cgroup\"\\s*\\}", "");
    }
    String status =
        ProcessFacts.read(Path.of("/proc", Integer.toString(call.caller().pid()), "status"));
    return text.replace("\"UID\"", id(status, "Uid:")).replace("\"GID\"", id(status, "Gid:"));
  }

  private static String id(String status, String name) {
    return status
        .lines()
        .filter(line -> line.startsWith(name))
        .map(line -> line.split("\\s+")[1])
        .findFirst()
        .orElse("0");
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = SpecCommand.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new OciException("this build has no " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
