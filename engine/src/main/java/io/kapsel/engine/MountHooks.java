package io.kapsel.engine;

import io.kapsel.base.AtomicFile;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.process.HostProgram;
import io.kapsel.linux.process.WaitStatus;
import io.kapsel.linux.socket.UnixStream;
import io.kapsel.oci.Hooks;
import io.kapsel.oci.Hooks.Hook;
import io.kapsel.runtime.Bundle;
import io.kapsel.runtime.RootFilesystem;
import io.kapsel.runtime.Sandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Runs hooks in the mount namespace of a container whose program does not run yet, as root of the
 * host, as mounts and device nodes need him. He has no id in the container's layers, so that he
 * makes no files there.
 */
final class MountHooks implements AutoCloseable {
  private static final String ENTER = "/usr/bin/nsenter";

  private final String name;
  private final List<Hook> hooks;
  private final UnixStream.Pair channel = UnixStream.pair();
  private int pid;

  private MountHooks(String name, List<Hook> hooks) {
    this.name = name;
    this.hooks = hooks;
  }

  /** Those of a bundle, if it has some. */
  static Optional<MountHooks> of(String name, Bundle bundle) {
    List<Hook> all = bundle.spec().hooks().map(Hooks::createRuntime).orElse(List.of());
    if (all.isEmpty() || !(bundle.root() instanceof RootFilesystem.Overlay root)) {
      return Optional.empty();
    }
    try {
      Files.createDirectories(root.place());
    } catch (IOException e) {
      throw new EngineException.Failed("start", name, AtomicFile.reason(e), e);
    }
    return Optional.of(new MountHooks(name, all));
  }

  /** Its launch waits for the hooks. */
  void pause(Sandbox sandbox) {
    pid = sandbox.pid();
    sandbox.pausing(channel.other());
  }

  /** Waits until everything is mounted. A launcher that has failed says why itself. */
  void run() {
    channel.other().close();
    byte[] answer = new byte[1];
    if (channel.stream().readFully(answer, 0, 1)) {
      hooks.forEach(this::run);
      channel.stream().write(answer, 0, 1);
    }
  }

  private void run(Hook hook) {
    List<String> words = new ArrayList<>(List.of(ENTER, "--mount=/proc/" + pid + "/ns/mnt", "--"));
    words.addAll(hook.args());
    String shown = String.join(" ", hook.args());
    try {
      HostProgram.Ended ended = HostProgram.run(words, hook.env());
      int code = ended.status().map(WaitStatus::code).orElse(-1);
      if (code != 0) {
        throw new EngineException.Refused(
            "start",
            name,
            "hook '%s' %s: %s"
                .formatted(
                    shown,
                    code < 0 ? "does not end" : "has ended with " + code,
                    ended.said().strip()));
      }
    } catch (SyscallException e) {
      throw new EngineException.Failed("start", name, String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public void close() {
    channel.stream().close();
    channel.other().close();
  }
}
