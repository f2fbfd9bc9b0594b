package io.kapsel.engine.spec;

import java.util.Optional;

/**
 * What holds for a program in a container in place of what holds for the others there.
 *
 * @param unlimited whether it is in none of the container's control groups: neither limits nor the
 *     filter for devices hold
 * @param unconfined whether it has no profile of AppArmor and no context of SELinux
 * @param narrow whether the machine says that it is one of 32 bits; absent: as for the others
 * @param context of SELinux; absent: that of the others
 */
public record ExecRules(
    boolean unlimited, boolean unconfined, Optional<Boolean> narrow, Optional<String> context) {
  /** The same as for the others. */
  public static final ExecRules USUAL =
      new ExecRules(false, false, Optional.empty(), Optional.empty());

  /** Checks each part. */
  public ExecRules {
    context.ifPresent(ContainerSpec::noNul);
    InvalidRequestException.unless(
        context.filter(String::isEmpty).isEmpty(), "a context of SELinux is not empty");
  }
}
