package io.kapsel.engine.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What {@code --security-opt} asks for.
 *
 * @param labels those of SELinux without {@code label=}
 * @param pathsOpen whether no path of /proc and /sys is hidden or read-only
 * @param groupsWritable whether it may change its own control groups
 * @param nesting whether it is to run containers itself
 * @param intercept which system calls the view answers or does; see {@link Interception}
 */
public record SecurityRequest(
    SeccompRequest seccomp,
    boolean noNewPrivileges,
    Optional<String> apparmorProfile,
    List<String> labels,
    boolean pathsOpen,
    boolean groupsWritable,
    boolean nesting,
    List<String> intercept) {
  /** Nothing but the defaults. */
  public static final SecurityRequest DEFAULT =
      new SecurityRequest(
          new SeccompRequest.Default(),
          false,
          Optional.empty(),
          List.of(),
          false,
          false,
          false,
          List.of());

  /** Which filter of system calls. */
  public sealed interface SeccompRequest {
    /** The engine's. */
    record Default() implements SeccompRequest {}

    /** None. */
    record Unconfined() implements SeccompRequest {}

    /** A profile in Docker's JSON. */
    record Profile(String json) implements SeccompRequest {}
  }

  /** Copies the list. */
  public SecurityRequest {
    labels = List.copyOf(labels);
    intercept = Interception.checked(intercept);
  }

  /** Reads the operands of {@code --security-opt}; {@code read} yields the text of a file. */
  public static SecurityRequest parse(List<String> options, Function<String, String> read) {
    SeccompRequest seccomp = new SeccompRequest.Default();
    boolean noNewPrivileges = false;
    Optional<String> apparmor = Optional.empty();
    List<String> labels = new ArrayList<>();
    boolean open = false;
    boolean writable = false;
    boolean nesting = false;
    for (String option : options) {
      String[] parts = option.split(option.contains("=") ? "=" : ":", 2);
      String value = parts.length == 2 ? parts[1] : "";
      switch (parts[0]) {
        case "seccomp" -> seccomp = seccomp(option, value, read);
        case "no-new-privileges" -> noNewPrivileges = truth(option, value);
        case "apparmor" -> apparmor = Optional.of(required(option, value));
        case "label" -> labels.add(required(option, value));
        case "systempaths" -> open = unconfined(option, value);
        case "writable-cgroups" -> writable = truth(option, value);
        case "nesting" -> nesting = truth(option, value);
        default ->
            throw new InvalidRequestException(
                ("'%s' is not a security option; use seccomp=, no-new-privileges, apparmor=,"
                        + " label=, systempaths=unconfined, writable-cgroups, nesting")
                    .formatted(option));
      }
    }
    return new SecurityRequest(
        seccomp, noNewPrivileges, apparmor, labels, open, writable, nesting, List.of());
  }

  /** The same for one that is to run containers itself. */
  public SecurityRequest nested() {
    return new SecurityRequest(
        seccomp,
        noNewPrivileges,
        apparmorProfile,
        labels,
        pathsOpen,
        groupsWritable,
        true,
        intercept);
  }

  /** The same where these kinds of system calls are answered for it. */
  public SecurityRequest intercepting(List<String> kinds) {
    return new SecurityRequest(
        seccomp,
        noNewPrivileges,
        apparmorProfile,
        labels,
        pathsOpen,
        groupsWritable,
        nesting,
        kinds);
  }

  private static SeccompRequest seccomp(
      String option, String value, Function<String, String> read) {
    return switch (required(option, value)) {
      case "unconfined" -> new SeccompRequest.Unconfined();
      case "default", "builtin" -> new SeccompRequest.Default();
      default -> new SeccompRequest.Profile(read.apply(value));
    };
  }

  private static boolean unconfined(String option, String value) {
    InvalidRequestException.unless(
        value.equals("unconfined"), "'%s' is not systempaths=unconfined", option);
    return true;
  }

  private static boolean truth(String option, String value) {
    InvalidRequestException.unless(
        value.matches("|true|false"), "'%s' is neither true nor false", option);
    return !value.equals("false");
  }

  private static String required(String option, String value) {
    InvalidRequestException.unless(!value.isEmpty(), "'%s' has no value", option);
    return value;
  }
}
