package io.kapsel.lxc;

import io.kapsel.engine.EngineException;
import io.kapsel.engine.Kapsel;
import io.kapsel.engine.spec.InvalidRequestException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** LXC's programs: the name of the client chooses which. */
public final class LxcFront {
  /** The version whose options and exit codes these are. */
  static final String VERSION = "5.0.2";

  private static final String SETTINGS = "/etc/lxc/lxc.conf";

  /** What one program is. */
  record Tool(String options, boolean named, String about, Action action) {}

  /** What one program does; its exit code. */
  @FunctionalInterface
  interface Action {
    int run(LxcCall call);
  }

  private final Kapsel engine;
  private final Map<String, Tool> tools = new LinkedHashMap<>();

  /** The front of {@code engine}. */
  public LxcFront(Kapsel engine) {
    this.engine = engine;
    tools.putAll(LxcLife.TOOLS);
    tools.putAll(LxcLook.TOOLS);
    tools.putAll(LxcCopies.TOOLS);
    tools.putAll(LxcPrograms.TOOLS);
    engine.accompany(new LxcCompanion(engine));
  }

  /** Whether that is the name of one of LXC's programs. */
  public static boolean isProgram(String name) {
    return name.startsWith("lxc-") && name.length() > "lxc-".length();
  }

  /** Does what the words say; the exit code. */
  public int serve(LxcCaller caller) {
    String program = caller.words().getFirst();
    Tool tool = tools.get(program);
    if (tool == null) {
      caller.err(
          "kapsel: cannot be '%s': there is no such program; there are %s\n"
              .formatted(program, String.join(" ", tools.keySet())));
      return 1;
    }
    try {
      return serve(caller, program, tool);
    } catch (LxcException e) {
      String text = String.valueOf(e.getMessage());
      caller.err((text.startsWith(program + ": ") ? "" : program + ": ") + text + "\n");
      return e.exitCode();
    }
  }

  private int serve(LxcCaller caller, String program, Tool tool) {
    LxcOptions options =
        LxcOptions.parse(program, caller.words().subList(1, caller.words().size()), tool.options());
    if (options.has("help") || options.has("usage") || options.has("version")) {
      caller.out(options.has("version") ? VERSION + "\n" : help(program, tool));
      return 0;
    }
    String name = tool.named() ? options.name().orElse("") : options.last("name").orElse("");
    if (tool.named() && name.isEmpty()) {
      throw new LxcException("No container name specified");
    }
    checkName(name);
    options.last("newname").ifPresent(LxcFront::checkName);
    LxcPlace place = new LxcPlace(engine, path(caller, options));
    try {
      return tool.action().run(new LxcCall(caller, engine, program, options, place, name));
    } catch (LxcException e) {
      return failed(caller, options, program, name, e, e.exitCode());
    } catch (EngineException | InvalidRequestException e) {
      return failed(caller, options, program, name, e, 1);
    }
  }

  /** What is made and removed under a name is below the directory of containers, and is not it. */
  private static void checkName(String name) {
    if (name.contains("/") || name.equals(".") || name.equals("..")) {
      throw new LxcException("'" + name + "' cannot be the name of a container");
    }
  }

  private static int failed(
      LxcCaller caller,
      LxcOptions options,
      String program,
      String name,
      RuntimeException e,
      int code) {
    if (!options.has("quiet")) {
      String subject = name.isEmpty() ? ": " : ": " + name + ": ";
      caller.err(program + subject + e.getMessage() + "\n");
    }
    return code;
  }

  private static Path path(LxcCaller caller, LxcOptions options) {
    String said = options.last("lxcpath").or(() -> setting("lxc.lxcpath")).orElse(LxcPlace.USUAL);
    return caller.directory().resolve(said).normalize();
  }

  /** What the system's configuration says. */
  static Optional<String> setting(String key) {
    try {
      return Files.readAllLines(Path.of(SETTINGS)).stream()
          .map(line -> line.split("=", 2))
          .filter(halves -> halves.length == 2 && halves[0].strip().equals(key))
          .map(halves -> halves[1].strip())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty(); // there is none
    }
  }

  private static String help(String program, Tool tool) {
    StringBuilder text =
        new StringBuilder(
            "Usage: " + program + (tool.named() ? " --name=NAME" : "") + " [OPTIONS]\n\n");
    text.append(program).append(' ').append(tool.about()).append("\n\nOptions :\n");
    for (String word : (tool.options() + " " + LxcOptions.COMMON).strip().split("\\s+", -1)) {
      int colon = word.indexOf(':');
      String letter = colon > 0 ? "-" + word.substring(0, colon) + ", " : "    ";
      text.append("  ")
          .append(letter)
          .append("--")
          .append(word.substring(colon + 1).replace("=", "=VALUE").replaceFirst("\\?$", "[=VALUE]"))
          .append('\n');
    }
    return text.toString();
  }

  /** The words of a list option, {@code a,b c}. */
  static List<String> list(String text) {
    return List.of(text.split("[,\\s]+", -1));
  }
}
