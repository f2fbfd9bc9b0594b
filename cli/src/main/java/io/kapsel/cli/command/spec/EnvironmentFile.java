package io.kapsel.cli.command.spec;

import io.kapsel.engine.spec.InvalidRequestException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Files of {@code --env-file}: a variable a line, comments after a number sign at its start. */
final class EnvironmentFile {
  private static final int LONGEST = 4 << 20;

  private EnvironmentFile() {}

  /** The entries of {@code file}; a name alone takes the value that {@code variable} gives. */
  static List<String> read(Path file, Function<String, Optional<String>> variable) {
    return parse(lines(file), variable);
  }

  /** The entries in {@code lines}. */
  static List<String> parse(List<String> lines, Function<String, Optional<String>> variable) {
    List<String> entries = new ArrayList<>();
    for (String line : lines) {
      String text = line.stripLeading();
      if (!text.isEmpty() && text.charAt(0) != '#') {
        entry(text, variable).ifPresent(entries::add);
      }
    }
    return entries;
  }

  /** One entry as {@code -e} takes it: {@code NAME=value}, or {@code NAME} for the client's. */
  static Optional<String> entry(String text, Function<String, Optional<String>> variable) {
    int equals = text.indexOf('=');
    String name = equals < 0 ? text : text.substring(0, equals);
    if (name.isEmpty()) {
      throw new InvalidRequestException("invalid environment variable: " + text);
    }
    if (name.chars().anyMatch(Character::isWhitespace)) {
      throw new InvalidRequestException("variable '" + name + "' contains whitespaces");
    }
    return equals < 0 ? variable.apply(name).map(value -> name + "=" + value) : Optional.of(text);
  }

  private static List<String> lines(Path file) {
    try {
      if (file.startsWith("/dev") || (file.startsWith("/proc") && !isDescriptor(file))) {
        throw new InvalidRequestException(
            cannot(file, "it would be the engine's file and not yours"));
      }
      if (Files.exists(file) && !Files.isRegularFile(file) && !isDescriptor(file)) {
        throw new InvalidRequestException(cannot(file, "it is not a regular file"));
      }
      byte[] bytes = bounded(file);
      if (bytes.length > LONGEST) {
        throw new InvalidRequestException(cannot(file, "it is longer than 4 MiB"));
      }
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return (text.startsWith("\uFEFF") ? text.substring(1) : text).lines().toList();
    } catch (NoSuchFileException e) {
      throw new InvalidRequestException(cannot(file, "no such file or directory (ENOENT)"));
    } catch (CharacterCodingException e) {
      throw new InvalidRequestException(cannot(file, "it is not valid UTF-8"));
    } catch (IOException e) {
      throw new InvalidRequestException(cannot(file, String.valueOf(e.getMessage())));
    }
  }

  /**
   * Whether it is what {@link io.kapsel.cli.server.Request#path} makes of a client's descriptor.
   */
  private static boolean isDescriptor(Path file) {
    return file.toString().matches("/proc/\\d+/fd/\\d+") && !Files.isDirectory(file);
  }

  private static byte[] bounded(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(LONGEST + 1);
    }
  }

  private static String cannot(Path file, String why) {
    return "cannot read environment file '" + file + "': " + why;
  }
}
