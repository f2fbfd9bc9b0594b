package io.kapsel.linux.lsm;

import java.util.List;

/**
 * An SELinux context. Containers share a type and differ in a pair of categories, so that one
 * cannot touch the files of another.
 *
 * @param level sensitivity and categories, such as {@code s0:c12,c900}
 */
public record SelinuxLabel(String user, String role, String type, String level) {
  private static final int CATEGORIES = 1024;

  /** How many pairs of categories there are. */
  public static final int PAIRS = CATEGORIES * (CATEGORIES - 1) / 2;

  /** Refuses parts that would shift the others. */
  public SelinuxLabel {
    for (String part : List.of(user, role, type)) {
      if (!part.matches("[A-Za-z0-9_.-]{1,100}")) {
        throw new SecurityModuleException("cannot use '" + part + "' in an SELinux label");
      }
    }
    if (!level.matches("[a-z0-9.,:-]{1,200}")) {
      throw new SecurityModuleException("cannot use SELinux level '" + level + "'");
    }
  }

  /** The label of a container's processes, with the pair of categories of that number. */
  public static SelinuxLabel process(int pair) {
    return new SelinuxLabel("system_u", "system_r", "container_t", level(pair));
  }

  /** The label of the files of a container whose processes have this one. */
  public SelinuxLabel files() {
    return new SelinuxLabel("system_u", "object_r", "container_file_t", level);
  }

  /** Reads {@code user:role:type:level}. */
  public static SelinuxLabel parse(String text) {
    String[] parts = text.split(":", 4);
    if (parts.length < 4) {
      throw new SecurityModuleException(
          "cannot use SELinux label '" + text + "': it is not user:role:type:level");
    }
    return new SelinuxLabel(parts[0], parts[1], parts[2], parts[3]);
  }

  /** This label with what an option such as {@code type:spc_t} says instead. */
  public SelinuxLabel with(String option) {
    int colon = option.indexOf(':');
    String value = option.substring(colon + 1);
    return switch (colon < 0 ? "" : option.substring(0, colon)) {
      case "user" -> new SelinuxLabel(value, role, type, level);
      case "role" -> new SelinuxLabel(user, value, type, level);
      case "type" -> new SelinuxLabel(user, role, value, level);
      case "level" -> new SelinuxLabel(user, role, type, value);
      default ->
          throw new SecurityModuleException(
              "cannot use label option '" + option + "': use user:, role:, type: or level:");
    };
  }

  /** Numbers the pairs of two different categories, the larger one last. */
  private static String level(int pair) {
    if (pair < 0 || pair >= PAIRS) {
      throw new SecurityModuleException("cannot use pair " + pair + " of SELinux categories");
    }
    int larger = 1;
    int rest = pair;
    while (rest >= larger) {
      rest -= larger;
      larger++;
    }
    return "s0:c" + rest + ",c" + larger;
  }

  @Override
  public String toString() {
    return String.join(":", user, role, type, level);
  }
}
