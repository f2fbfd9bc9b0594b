package io.kapsel.arch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The text files of the checkout that somebody wrote: no build output, nothing of other tools. */
final class Repository {
  private static final Set<String> NOT_OURS = Set.of("target", "build", ".git", ".idea", ".vscode");

  private Repository() {}

  /** The directory with the parent pom.xml. */
  static Path root() {
    Path start = Path.of("").toAbsolutePath();
    for (Path at = start; at != null; at = at.getParent()) {
      if (Files.exists(at.resolve("ARCHITECTURE.md"))) {
        return at;
      }
    }
    throw new IllegalStateException("no checkout of Kapsel around " + start);
  }

  /** Path relative to the root → content. */
  static Map<String, String> files() {
    Map<String, String> files = new TreeMap<>();
    Path root = root();
    try {
      Files.walkFileTree(root, new Reader(root, files));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return files;
  }

  private static final class Reader extends SimpleFileVisitor<Path> {
    private final Path root;
    private final Map<String, String> files;

    Reader(Path root, Map<String, String> files) {
      this.root = root;
      this.files = files;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
      boolean skip = NOT_OURS.contains(directory.getFileName().toString());
      return skip ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      String path = root.relativize(file).toString();
      if (attributes.isRegularFile() && isText(path)) {
        files.put(path, Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1));
      }
      return FileVisitResult.CONTINUE;
    }

    private static boolean isText(String path) {
      return path.matches(".*\\.(java|c|h|S|sh|py|md|xml|json|txt|config|mk|exp|properties)")
          || path.matches("(.*/)?(Makefile|run|kapsel|test|LICENSE)");
    }
  }
}
