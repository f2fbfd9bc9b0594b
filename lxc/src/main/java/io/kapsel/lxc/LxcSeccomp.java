package io.kapsel.lxc;

import io.kapsel.base.Json;
import io.kapsel.linux.seccomp.SeccompFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A filter of system calls in LXC's form (version 2), in the form that the engine reads. Lines are
 * for all architectures, or for the one that was named before them; those of others are left out.
 */
final class LxcSeccomp {
  private static final Pattern FIRST = Pattern.compile("(allow|deny|white|black)list(\\s+(.+))?");
  private static final Pattern ACTION = Pattern.compile("(kill|allow|trap|errno\\s+(\\d{1,4}))");
  private static final Pattern RULE =
      Pattern.compile(
          "([a-z_0-9]+)(\\s+(kill|allow|trap|notify|errno\\s+\\d{1,4}))?((\\s*\\[[^]]*])*+)");
  private static final Pattern CONDITION =
      Pattern.compile(
          "\\[\\s*(\\d)\\s*,\\s*([^,\\s]+)\\s*,\\s*(\\w+|[<>=!&]=?)\\s*(,\\s*([^,\\s]+)\\s*)?]");

  private static final Map<String, String> OPERATORS =
      Map.ofEntries(
          Map.entry("SCMP_CMP_NE", "SCMP_CMP_NE"),
          Map.entry("!=", "SCMP_CMP_NE"),
          Map.entry("SCMP_CMP_LT", "SCMP_CMP_LT"),
          Map.entry("<", "SCMP_CMP_LT"),
          Map.entry("SCMP_CMP_LE", "SCMP_CMP_LE"),
          Map.entry("<=", "SCMP_CMP_LE"),
          Map.entry("SCMP_CMP_EQ", "SCMP_CMP_EQ"),
          Map.entry("==", "SCMP_CMP_EQ"),
          Map.entry("SCMP_CMP_GE", "SCMP_CMP_GE"),
          Map.entry(">=", "SCMP_CMP_GE"),
          Map.entry("SCMP_CMP_GT", "SCMP_CMP_GT"),
          Map.entry(">", "SCMP_CMP_GT"),
          Map.entry("SCMP_CMP_MASKED_EQ", "SCMP_CMP_MASKED_EQ"),
          Map.entry("&=", "SCMP_CMP_MASKED_EQ"));

  private static final Map<String, String> ARCHITECTURES =
      Map.of("amd64", "x86_64", "arm64", "aarch64");

  /** MNT_FORCE of umount2(2). */
  private static final SeccompFile.Argument FORCED =
      new SeccompFile.Argument(1, 1, 1, "SCMP_CMP_MASKED_EQ");

  private static final int NOT_PERMITTED = 13;

  private final Path file;
  private final List<SeccompFile.Call> rules = new ArrayList<>();
  private String usual = "";
  private boolean ours = true;

  private LxcSeccomp(Path file) {
    this.file = file;
  }

  /** The profile in Docker's JSON. */
  static String read(Path file) {
    LxcSeccomp profile = new LxcSeccomp(file);
    List<String> lines;
    try {
      lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new LxcException("cannot read '" + file + "': " + e.getMessage());
    }
    return profile.read(lines);
  }

  private LxcException wrong(int line, String reason) {
    return new LxcException("cannot read '%s': line %s: %s".formatted(file, line, reason));
  }

  private String read(List<String> lines) {
    if (lines.isEmpty() || !lines.getFirst().strip().equals("2")) {
      throw wrong(1, "only version 2 of profiles can be read, which names system calls");
    }
    Matcher first = FIRST.matcher(lines.size() > 1 ? lines.get(1).strip() : "");
    if (!first.matches()) {
      throw wrong(2, "it says neither 'allowlist' nor 'denylist'");
    }
    boolean allows = first.group(1).equals("allow") || first.group(1).equals("white");
    Optional<String> said = Optional.ofNullable(first.group(3));
    said.filter(it -> !ACTION.matcher(it.strip()).matches())
        .ifPresent(it -> {
          throw wrong(2, "'" + it + "' is no action");
        });
    usual = allows ? "allow" : said.orElse("kill");
    for (int i = 2; i < lines.size(); i++) {
      add(i + 1, lines.get(i).replaceFirst("#.*", "").strip());
    }
    Action others = Action.of(allows ? said.orElse("kill") : "allow");
    SeccompFile profile =
        new SeccompFile(
            others.name(),
            others.errno(),
            List.of(),
            List.of(),
            List.of(),
            Optional.empty(),
            rules);
    return new String(Json.write(profile), StandardCharsets.UTF_8);
  }

  private void add(int number, String line) {
    if (line.isEmpty()) {
      return;
    }
    if (line.startsWith("[") && line.endsWith("]")) {
      String named = line.substring(1, line.length() - 1).strip().toLowerCase(Locale.ROOT);
      ours = named.equals("all") || ARCHITECTURES.getOrDefault(named, named).equals(machine());
      return;
    }
    if (line.equals("reject_force_umount")) {
      rule("umount2", "errno " + NOT_PERMITTED, List.of(FORCED));
      return;
    }
    Matcher rule = RULE.matcher(line);
    if (!rule.matches()) {
      throw wrong(number, "'" + line + "' is not SYSTEM-CALL ACTION [INDEX,VALUE,OPERATOR]");
    }
    String action = rule.group(3) == null ? usual : rule.group(3);
    if (action.equals("notify")) {
      throw wrong(number, "nobody can be asked about single calls here");
    }
    if (ours) {
      rule(rule.group(1), action, conditions(number, rule.group(4)));
    }
  }

  private static String machine() {
    String name = System.getProperty("os.arch");
    return ARCHITECTURES.getOrDefault(name, name);
  }

  private void rule(String call, String text, List<SeccompFile.Argument> conditions) {
    Action action = Action.of(text);
    rules.add(
        new SeccompFile.Call(
            List.of(call),
            Optional.empty(),
            action.name(),
            action.errno(),
            conditions,
            Optional.empty(),
            Optional.empty()));
  }

  /** What becomes of a call, in the words of the engine's form. */
  private record Action(String name, Optional<Integer> errno) {
    static Action of(String text) {
      return text.startsWith("errno")
          ? new Action(
              "SCMP_ACT_ERRNO",
              Optional.of(Integer.valueOf(text.substring("errno".length()).strip())))
          : new Action("SCMP_ACT_" + text.toUpperCase(Locale.ROOT), Optional.empty());
    }
  }

  private List<SeccompFile.Argument> conditions(int number, String text) {
    List<SeccompFile.Argument> all = new ArrayList<>();
    String rest = text.strip();
    while (!rest.isEmpty()) {
      Matcher condition = CONDITION.matcher(rest);
      if (!condition.lookingAt() || !OPERATORS.containsKey(condition.group(3))) {
        throw wrong(
            number, "'" + rest + "' is not [INDEX,VALUE,OPERATOR] or [INDEX,VALUE,OPERATOR,MASK]");
      }
      all.add(condition(number, condition));
      rest = rest.substring(condition.end()).strip();
    }
    return all;
  }

  /** With a mask, that is the first value of the engine's form, and the value its second. */
  private SeccompFile.Argument condition(int number, Matcher text) {
    String operator = OPERATORS.getOrDefault(text.group(3), "");
    boolean masked = operator.equals("SCMP_CMP_MASKED_EQ");
    if (masked == (text.group(5) == null)) {
      throw wrong(number, "a mask belongs to SCMP_CMP_MASKED_EQ, and to no other operator");
    }
    long value = number(number, text.group(2));
    return new SeccompFile.Argument(
        Integer.parseInt(text.group(1)),
        masked ? number(number, text.group(5)) : value,
        masked ? value : 0,
        operator);
  }

  private long number(int line, String text) {
    try {
      return text.startsWith("0x")
          ? Long.parseUnsignedLong(text.substring(2), 16)
          : Long.parseUnsignedLong(text);
    } catch (NumberFormatException e) {
      throw wrong(line, "'" + text + "' is no number");
    }
  }
}
