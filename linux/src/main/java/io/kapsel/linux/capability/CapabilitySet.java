package io.kapsel.linux.capability;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A set of capabilities as the bit mask that capset(2) and /proc/self/status use. */
public record CapabilitySet(long mask) {
  private static final long KNOWN = (1L << Capability.values().length) - 1;

  /** Nothing. */
  public static final CapabilitySet NONE = new CapabilitySet(0);

  /** Every capability that this program knows. */
  public static final CapabilitySet ALL = new CapabilitySet(KNOWN);

  /** The fourteen that Docker gives to a container. */
  public static final CapabilitySet DEFAULT =
      of(
          Capability.AUDIT_WRITE,
          Capability.CHOWN,
          Capability.DAC_OVERRIDE,
          Capability.FOWNER,
          Capability.FSETID,
          Capability.KILL,
          Capability.MKNOD,
          Capability.NET_BIND_SERVICE,
          Capability.NET_RAW,
          Capability.SETFCAP,
          Capability.SETGID,
          Capability.SETPCAP,
          Capability.SETUID,
          Capability.SYS_CHROOT);

  /** A set of these. */
  public static CapabilitySet of(Capability... capabilities) {
    return of(List.of(capabilities));
  }

  /** A set of these. */
  public static CapabilitySet of(Collection<Capability> capabilities) {
    long mask = 0;
    for (Capability capability : capabilities) {
      mask |= capability.bit();
    }
    return new CapabilitySet(mask);
  }

  /** The hexadecimal form of /proc/self/status, such as {@code 000001ffffffffff}. */
  public static CapabilitySet parseHex(String text) {
    return new CapabilitySet(Long.parseUnsignedLong(text.strip(), 16));
  }

  /**
   * What {@code --cap-add} and {@code --cap-drop} make of this set, by Docker's rules: without
   * {@code ALL} additions win over drops; adding {@code ALL} gives all but the dropped ones;
   * dropping {@code ALL} leaves only what was added.
   */
  public CapabilitySet adjusted(Collection<String> add, Collection<String> drop) {
    CapabilitySet added = named(add);
    CapabilitySet dropped = named(drop);
    if (hasAll(add)) {
      return hasAll(drop) ? ALL.minus(named(withoutAll(drop))) : ALL.minus(dropped);
    }
    return hasAll(drop) ? added : minus(dropped).plus(added);
  }

  /** The set of these names, where {@code ALL} means all of them. */
  public static CapabilitySet named(Collection<String> names) {
    long mask = 0;
    for (String name : names) {
      mask |= isAll(name) ? KNOWN : Capability.parse(name).bit();
    }
    return new CapabilitySet(mask);
  }

  /** Whether it is in the set. */
  public boolean contains(Capability capability) {
    return (mask & capability.bit()) != 0;
  }

  /** Whether all of those are in the set. */
  public boolean containsAll(CapabilitySet others) {
    return (others.mask & ~mask) == 0;
  }

  /** Whether there is nothing in it. */
  public boolean isEmpty() {
    return mask == 0;
  }

  /** What is in this set or in the other. */
  public CapabilitySet plus(CapabilitySet other) {
    return new CapabilitySet(mask | other.mask);
  }

  /** The same. */
  public CapabilitySet plus(Capability capability) {
    return new CapabilitySet(mask | capability.bit());
  }

  /** What is in this set but not in the other. */
  public CapabilitySet minus(CapabilitySet other) {
    return new CapabilitySet(mask & ~other.mask);
  }

  /** What is in both. */
  public CapabilitySet and(CapabilitySet other) {
    return new CapabilitySet(mask & other.mask);
  }

  /** What a kernel knows whose last capability has that number (cap_last_cap). */
  public CapabilitySet upTo(int last) {
    return new CapabilitySet(last >= 63 ? mask : mask & ((1L << (last + 1)) - 1));
  }

  /** The members by number; bits of capabilities that this program does not know are left out. */
  public List<Capability> members() {
    List<Capability> members = new ArrayList<>();
    for (Capability capability : Capability.values()) {
      if (contains(capability)) {
        members.add(capability);
      }
    }
    return List.copyOf(members);
  }

  /** The names of the members with their prefix, as the OCI specification writes them. */
  public List<String> labels() {
    return members().stream().map(Capability::label).toList();
  }

  @Override
  public String toString() {
    return members().stream().map(Capability::label).collect(Collectors.joining(","));
  }

  private static boolean hasAll(Collection<String> names) {
    return names.stream().anyMatch(CapabilitySet::isAll);
  }

  private static List<String> withoutAll(Collection<String> names) {
    return names.stream().filter(name -> !isAll(name)).toList();
  }

  private static boolean isAll(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return upper.equals("ALL") || upper.equals("CAP_ALL");
  }
}
