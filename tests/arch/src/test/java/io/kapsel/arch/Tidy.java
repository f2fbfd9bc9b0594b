package io.kapsel.arch;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Style as functions from a file's text to findings. Every rule names what to write instead, so
 * that a red build is an instruction.
 */
final class Tidy {
  /** One thing to mend. */
  record Finding(String path, int line, String message) {
    @Override
    public String toString() {
      return path + ":" + line + ": " + message;
    }
  }

  /** Something that must not be written in the files that {@code where} picks. */
  private record Ban(Predicate<String> where, Pattern pattern, String instead) {
    Ban(Predicate<String> where, String pattern, String instead) {
      this(where, Pattern.compile(pattern), instead);
    }
  }

  private static final int MAX_LINES = 600;
  private static final int MAX_C_FUNCTION_LINES = 50;

  private static final Predicate<String> JAVA = path -> path.endsWith(".java");
  private static final Predicate<String> PRODUCT =
      JAVA.and(path -> path.contains("/src/main/java/")).and(path -> !path.startsWith("bench/"));
  private static final Predicate<String> JAVA_TEST =
      JAVA.and(path -> path.contains("/src/test/java/"));
  private static final Predicate<String> NATIVE =
      path -> path.startsWith("native/") && path.matches(".*\\.[ch]") && !path.contains("/test");

  private static final List<Ban> BANS =
      List.of(
          new Ban(JAVA, "\\bThread\\.sleep\\(", "wait for an event with a deadline"),
          new Ban(JAVA, "\\.printStackTrace\\(", "throw it on, or log it with System.Logger"),
          new Ban(JAVA, "\\bnew Random\\(|\\bMath\\.random\\(", "SecureRandom"),
          new Ban(JAVA, "^import [a-z.]+\\.\\*;|^import module ", "import the types by name"),
          new Ban(
              PRODUCT, "\\bSystem\\.currentTimeMillis\\(", "Instant.now() or System.nanoTime()"),
          new Ban(PRODUCT, "\\bgetRuntime\\(\\)\\.exec\\(", "io.kapsel.linux.process.Spawn"),
          new Ban(
              PRODUCT.and(path -> !path.startsWith("cli/")),
              "\\bSystem\\.exit\\(",
              "an exception; only cli ends the process"),
          new Ban(JAVA_TEST, "@Disabled\\b", "mend or delete the test"),
          new Ban(
              JAVA_TEST,
              "\\bassumeTrue\\(|\\bassumeThat\\(",
              "fail: a test that cannot run has failed"),
          new Ban(
              NATIVE,
              "\\b(malloc|calloc|realloc)\\(",
              "static memory or mmap before the first step"),
          new Ban(NATIVE, "\\b(system|popen|execlp|execvp)\\(", "execve with an absolute path"),
          new Ban(NATIVE, "\\b(strcpy|strcat|sprintf|gets)\\(", "a copy with a length"));

  private static final Pattern TASK = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");
  private static final Pattern WITH_ISSUE = Pattern.compile("\\(#\\d+\\)");
  private static final Pattern MACHINE =
      Pattern.compile(
          "/work"
              + "/(main|wt|notes|shared|\\.)|/root"
              + "/\\.m2|temurin-25-jdk"
              + "-amd64|/home/[a-z]+/");

  private Tidy() {}

  /** All findings in one file. */
  static List<Finding> check(String path, String text) {
    List<String> lines = text.lines().toList();
    List<Finding> findings = new ArrayList<>();
    if (isSource(path)) {
      findings.addAll(size(path, lines));
      findings.addAll(bans(path, lines));
      findings.addAll(tasks(path, lines));
    }
    if (path.endsWith(".c")) {
      findings.addAll(functions(path, lines));
    }
    if (path.endsWith(".md")) {
      findings.addAll(title(path, lines));
    }
    findings.addAll(machinePaths(path, lines));
    return findings;
  }

  private static boolean isSource(String path) {
    return path.matches(".*\\.(java|c|h|sh|py)") || path.matches("kapsel|test|bench/run|\\.ci/run");
  }

  private static List<Finding> size(String path, List<String> lines) {
    return lines.size() <= MAX_LINES
        ? List.of()
        : List.of(
            new Finding(path, MAX_LINES, "is longer than 600 lines; find the second subject"));
  }

  private static List<Finding> bans(String path, List<String> lines) {
    List<Finding> findings = new ArrayList<>();
    for (Ban ban : BANS) {
      if (ban.where().test(path)) {
        findings.addAll(
            matching(
                path, lines, ban.pattern(), found -> "has " + found + "; write " + ban.instead()));
      }
    }
    return findings;
  }

  private static List<Finding> tasks(String path, List<String> lines) {
    return matching(path, lines, TASK, found -> found + " without the number of an issue").stream()
        .filter(finding -> !WITH_ISSUE.matcher(lines.get(finding.line() - 1)).find())
        .toList();
  }

  private static List<Finding> machinePaths(String path, List<String> lines) {
    return matching(path, lines, MACHINE, found -> "names a path of one machine: " + found);
  }

  private static List<Finding> title(String path, List<String> lines) {
    return !lines.isEmpty() && lines.getFirst().startsWith("# ")
        ? List.of()
        : List.of(new Finding(path, 1, "has no title; begin with '# '"));
  }

  private static List<Finding> functions(String path, List<String> lines) {
    List<Finding> findings = new ArrayList<>();
    int start = -1;
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).equals("{")) {
        start = i;
      } else if (lines.get(i).equals("}") && start >= 0) {
        if (i - start - 1 > MAX_C_FUNCTION_LINES) {
          findings.add(new Finding(path, start, "a function is longer than 50 lines"));
        }
        start = -1;
      }
    }
    return findings;
  }

  private static List<Finding> matching(
      String path,
      List<String> lines,
      Pattern pattern,
      java.util.function.UnaryOperator<String> message) {
    List<Finding> findings = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      var matcher = pattern.matcher(lines.get(i));
      if (matcher.find()) {
        findings.add(new Finding(path, i + 1, message.apply(matcher.group())));
      }
    }
    return findings;
  }
}
