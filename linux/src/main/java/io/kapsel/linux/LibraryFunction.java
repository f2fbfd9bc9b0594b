package io.kapsel.linux;

import java.lang.foreign.MemorySegment;

/** A function of the C library that is more than a system call. */
public enum LibraryFunction {
  /** See posix_spawn(3). */
  POSIX_SPAWN("posix_spawn"),
  /** See posix_spawnattr_init(3). */
  SPAWNATTR_INIT("posix_spawnattr_init"),
  /** See posix_spawnattr_setflags(3). */
  SPAWNATTR_SETFLAGS("posix_spawnattr_setflags"),
  /** See posix_spawnattr_setsigdefault(3). */
  SPAWNATTR_SETSIGDEFAULT("posix_spawnattr_setsigdefault"),
  /** See posix_spawnattr_setsigmask(3). */
  SPAWNATTR_SETSIGMASK("posix_spawnattr_setsigmask"),
  /** See posix_spawnattr_destroy(3). */
  SPAWNATTR_DESTROY("posix_spawnattr_destroy"),
  /** See posix_spawn_file_actions_init(3). */
  ACTIONS_INIT("posix_spawn_file_actions_init"),
  /** See posix_spawn_file_actions_adddup2(3). */
  ACTIONS_ADDDUP2("posix_spawn_file_actions_adddup2"),
  /** See posix_spawn_file_actions_addclose(3). */
  ACTIONS_ADDCLOSE("posix_spawn_file_actions_addclose"),
  /** Closes what is not named, from a number on; since glibc 2.34. */
  ACTIONS_ADDCLOSEFROM("posix_spawn_file_actions_addclosefrom_np"),
  /** See posix_spawn_file_actions_destroy(3). */
  ACTIONS_DESTROY("posix_spawn_file_actions_destroy");

  private final long address;

  LibraryFunction(String symbol) {
    this.address = Kernel.find(symbol);
  }

  /** Whether this C library has it. */
  public boolean available() {
    return address != 0;
  }

  MemorySegment address() {
    if (address == 0) {
      throw new UnsupportedOperationException("cannot call " + this + ": not in the C library");
    }
    return MemorySegment.ofAddress(address);
  }
}
