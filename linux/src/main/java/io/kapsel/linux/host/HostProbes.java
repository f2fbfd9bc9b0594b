package io.kapsel.linux.host;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Kernel;
import io.kapsel.linux.Syscall;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.mount.FilesystemContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What only {@code kapsel doctor} asks of the host, besides {@link HostFacts}. Made by {@link
 * #run}, or by hand for a test.
 *
 * @param refused what the kernel answered to calls that containers need and that do not work here
 * @param fileSystems the kinds of file system that the kernel knows now
 * @param stateFileSystem the kind that the state of the engine lies on, such as {@code ext4}
 * @param memfdNoExec the sysctl {@code vm.memfd_noexec}, 0 where there is none
 * @param seccomp whether the kernel filters system calls
 * @param cgroupsWritable whether the engine may make control groups
 * @param swap whether the host has any swap
 * @param swapAccounting whether a limit of memory and swap can be set
 * @param appArmorParser whether the program that loads AppArmor profiles is installed
 * @param fuse whether file systems can be served by programs
 */
public record HostProbes(
    Map<Syscall, Errno> refused,
    List<String> fileSystems,
    String stateFileSystem,
    int memfdNoExec,
    boolean seccomp,
    boolean cgroupsWritable,
    boolean swap,
    boolean swapAccounting,
    boolean appArmorParser,
    boolean fuse) {
  /** Fail with another error than ENOSYS when they are called with nothing but -1. */
  private static final List<Syscall> NEEDED =
      List.of(
          Syscall.BPF,
          Syscall.CLONE3,
          Syscall.FSCONFIG,
          Syscall.FSMOUNT,
          Syscall.FSOPEN,
          Syscall.MOUNT_SETATTR,
          Syscall.MOVE_MOUNT,
          Syscall.OPENAT2,
          Syscall.OPEN_TREE,
          Syscall.PIDFD_OPEN,
          Syscall.PIDFD_SEND_SIGNAL,
          Syscall.SECCOMP);

  /** Copies the collections. */
  public HostProbes {
    refused = Map.copyOf(refused);
    fileSystems = List.copyOf(fileSystems);
  }

  /** This host's; {@code state} is the directory of the engine's state, or will be. */
  public static HostProbes run(HostFacts facts, Path state) {
    Map<Syscall, Errno> calls = probeCalls();
    loadOverlay();
    return new HostProbes(
        calls,
        read("/proc/filesystems").lines().map(line -> line.replace("nodev", "").strip()).toList(),
        fileSystem(state.toAbsolutePath()),
        Integer.parseInt("0" + read("/proc/sys/vm/memfd_noexec").strip()),
        read("/proc/self/status").contains("\nSeccomp:"),
        writable(facts),
        read("/proc/swaps").lines().count() > 1,
        probeSwapAccounting(facts),
        findAppArmorParser(),
        Files.exists(Path.of("/dev/fuse")));
  }

  /** The kernel looks at the arguments only after it knows the call and may do it. */
  private static Map<Syscall, Errno> probeCalls() {
    Map<Syscall, Errno> refused = new EnumMap<>(Syscall.class);
    for (Syscall call : NEEDED) {
      long result = Kernel.call(call, -1, -1, -1);
      if (Kernel.failed(result)) {
        Errno errno = Kernel.errno(result);
        if (errno.equals(Errno.ENOSYS) || errno.equals(Errno.EPERM)) {
          refused.put(call, errno);
        }
      }
    }
    return refused;
  }

  /** As the first launch does: where overlayfs is a module, asking for it loads it. */
  private static void loadOverlay() {
    try (FilesystemContext _ = FilesystemContext.open("overlay")) {
      // Whether it is there now is read from /proc/filesystems.
    } catch (SyscallException e) {
      // It is not, or may not be used: the same file says so.
    }
  }

  private static String fileSystem(Path place) {
    Path existing = place;
    while (existing.getParent() != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    try {
      return Files.getFileStore(existing).type();
    } catch (IOException e) {
      return "unknown";
    }
  }

  private static boolean writable(HostFacts facts) {
    return facts.cgroups().unified().map(Files::isWritable).orElse(true)
        && facts.cgroups().v1().values().stream().allMatch(Files::isWritable);
  }

  private static boolean probeSwapAccounting(HostFacts facts) {
    Path legacy = facts.cgroups().v1().get("memory");
    return legacy == null
        ? facts.cgroups().onUnified("memory") && Files.exists(Path.of("/proc/swaps"))
        : Files.exists(legacy.resolve("memory.memsw.limit_in_bytes"));
  }

  private static boolean findAppArmorParser() {
    return Files.isExecutable(Path.of("/sbin/apparmor_parser"))
        || Files.isExecutable(Path.of("/usr/sbin/apparmor_parser"));
  }

  private static String read(String file) {
    try {
      return HostFiles.whole(Path.of(file));
    } catch (IOException e) {
      return ""; // a kernel without the feature has no such file
    }
  }
}
