package io.kapsel.runtime;

import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Content;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.host.Authority;
import io.kapsel.linux.memory.Memfd;
import io.kapsel.linux.process.Child;
import io.kapsel.linux.process.Spawn;
import io.kapsel.linux.process.WaitStatus;
import io.kapsel.oci.IdMapping;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives ids to a user namespace that a user's launcher has entered: his own, which anybody may, or
 * those that /etc/subuid and /etc/subgid grant him, by the programs that are allowed to.
 */
final class UserIds {
  private static final List<String> PLACES = List.of("/usr/bin/", "/bin/", "/usr/local/bin/");
  private static final int MOST_WORDS = 4096;

  private UserIds() {}

  /** Whether a mapping is of that one id and no other. */
  static boolean isOwn(List<IdMapping> mappings, long id) {
    return mappings.size() == 1
        && mappings.getFirst().size() == 1
        && mappings.getFirst().hostId() == id;
  }

  static void map(int pid, List<IdMapping> uids, List<IdMapping> gids, Authority who) {
    String process = "/proc/" + pid + "/";
    if (isOwn(uids, who.uid())) {
      write(process + "uid_map", Wanted.lines(uids));
    } else {
      run("newuidmap", pid, uids);
    }
    if (isOwn(gids, who.gid())) {
      write(process + "setgroups", "deny");
      write(process + "gid_map", Wanted.lines(gids));
    } else {
      run("newgidmap", pid, gids);
    }
  }

  private static void write(String file, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    try (Fd open = Open.path(file, OpenFlags.WRITE)) {
      Content.write(open, bytes, 0, bytes.length);
    } catch (SyscallException e) {
      throw failed("'" + file + "': " + e.getMessage());
    }
  }

  private static void run(String program, int pid, List<IdMapping> mappings) {
    List<String> words = new ArrayList<>(List.of(program, Integer.toString(pid)));
    for (IdMapping each : mappings) {
      words.add(Long.toString(each.containerId()));
      words.add(Long.toString(each.hostId()));
      words.add(Long.toString(each.size()));
    }
    try (Fd file = find(program);
        Fd said = Memfd.room("said", MOST_WORDS)) {
      Spawn spawn = Spawn.program(file).arguments(words).descriptor(2, said);
      try (Child child = spawn.start()) {
        WaitStatus ended = child.await();
        if (ended.code() != 0) {
          throw failed(program + ": " + HookRunner.said(said).strip());
        }
      }
    } catch (SyscallException e) {
      throw failed(program + ": " + e.getMessage());
    }
  }

  private static Fd find(String program) {
    for (String place : PLACES) {
      try {
        return Open.path(place + program, OpenFlags.READ);
      } catch (SyscallException e) {
        // perhaps in the next place
      }
    }
    throw failed("there is no '" + program + "'; install uidmap, or map one id alone");
  }

  private static LaunchException failed(String why) {
    return new LaunchException(
        LaunchException.Kind.FAILED, "cannot map ids of a user namespace: " + why);
  }
}
