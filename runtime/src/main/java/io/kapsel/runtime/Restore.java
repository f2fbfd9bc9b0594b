package io.kapsel.runtime;

import io.kapsel.runtime.criu.CriuField;
import io.kapsel.runtime.criu.CriuMessage;
import io.kapsel.runtime.criu.CriuSession;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * How a container is brought back.
 *
 * @param place an empty directory in the caller's terms, where CRIU finds the root
 * @param options what CRIU is asked; descriptors in it are those of this process
 * @param directories adds the directories to what is asked; given CRIU's pid, for CRIU mounts in
 *     them, which it can only where they were found in its own mount namespace
 * @param listener who is told of the stages
 */
public record Restore(
    CriuProgram criu,
    String place,
    CriuMessage options,
    IntConsumer directories,
    CriuSession.Listener listener) {

  private static final int CONTROLLER = 1;
  private static final int PATH = 2;
  private static final int KEY = 1;
  private static final int NUMBER = 2;

  /** Namespaces that are joined: by the name that the dump gave them, and CRIU's number. */
  static void join(CriuMessage options, Wanted wanted) {
    List<io.kapsel.oci.Namespace> joined = RestorePlanner.joined(wanted);
    for (int i = 0; i < joined.size(); i++) {
      options.message(
          CriuField.INHERIT,
          new CriuMessage()
              .text(KEY, External.namespace(joined.get(i).type()))
              .number(NUMBER, RestorePlanner.CHANNEL + 1 + i));
    }
  }

  /** The groups in which it goes on. */
  static void place(CriuMessage options, Wanted wanted) {
    CgroupPlace place = wanted.cgroupPlace();
    for (String hierarchy : place.hierarchies()) {
      CriuMessage root = new CriuMessage();
      if (!hierarchy.equals(CgroupPlace.UNIFIED)) {
        root.text(CONTROLLER, hierarchy);
      }
      options.message(
          CriuField.CGROUP_ROOT,
          root.text(PATH, place.pathIn(wanted.facts().cgroups(), hierarchy)));
    }
  }
}
