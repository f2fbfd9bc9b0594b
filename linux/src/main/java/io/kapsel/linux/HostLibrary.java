package io.kapsel.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.Optional;

/**
 * A shared library of the host, looked for where the dynamic linker looks; see ld.so(8). Its
 * functions take at most seven integers or pointers and return one, for they go through the gate
 * that system calls go through.
 */
public final class HostLibrary {
  private static final boolean FORBIDDEN = Boolean.getBoolean("io.kapsel.linux.noLibraries");

  private final SymbolLookup symbols;

  private HostLibrary(SymbolLookup symbols) {
    this.symbols = symbols;
  }

  /** A function of it. */
  public static final class Function {
    private final MemorySegment address;

    private Function(MemorySegment address) {
      this.address = address;
    }

    /** Calls it. What it returns as an int has no meaning beyond its lower 32 bits. */
    public long call(long... arguments) {
      long[] all = new long[7];
      System.arraycopy(arguments, 0, all, 0, arguments.length);
      try (Scratch scratch = Scratch.take()) {
        return scratch.call(address, all);
      }
    }
  }

  /** The first of these that the host has. */
  @SuppressWarnings("restricted") // only names of libraries that their callers know
  public static Optional<HostLibrary> open(List<String> names) {
    for (String name : FORBIDDEN ? List.<String>of() : names) {
      try {
        return Optional.of(new HostLibrary(SymbolLookup.libraryLookup(name, Arena.global())));
      } catch (IllegalArgumentException _) {
        // the next one, else none
      }
    }
    return Optional.empty();
  }

  /** Whether it has all of these functions. */
  public boolean has(List<String> functions) {
    return functions.stream().allMatch(each -> symbols.find(each).isPresent());
  }

  /** A function that it has. */
  public Function function(String name) {
    return new Function(symbols.find(name).orElseThrow());
  }
}
