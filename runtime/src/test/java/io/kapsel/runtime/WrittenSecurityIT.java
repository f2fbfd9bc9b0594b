package io.kapsel.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.Fd;
import io.kapsel.linux.socket.Message;
import io.kapsel.linux.socket.SocketKind;
import io.kapsel.linux.socket.UnixListener;
import io.kapsel.linux.socket.UnixStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Filters, hostile roots, and file systems of the host in bundles of others; needs root. */
class WrittenSecurityIT extends OnWrittenBundles {
  private static String seccomp(String syscalls) {
    return "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86_64\"],"
        + syscalls
        + "}";
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void answersSystemCallsByTheFilterOfTheConfiguration(boolean noNewPrivileges) throws Exception {
    WrittenBundles bundle =
        bundle()
            .linux(
                seccomp(
                    "\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"syscalls\":[{\"names\":[\"mkdir\",\"mkdirat\"],"
                        + "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":95},{\"names\":[\"chmod\",\"fchmodat\"],"
                        + "\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":1,\"value\":1,\"op\":\"SCMP_CMP_GT\"}]}]"))
            .replacing("\"noNewPrivileges\":true", "\"noNewPrivileges\":" + noNewPrivileges);
    assertThat(run(bundle.running("mkdir /x; grep Seccomp: /proc/self/status"), 0))
        .contains("Operation not supported")
        .contains("Seccomp:\t2");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void letsAnAgentAnswerSystemCalls(boolean noNewPrivileges) throws Exception {
    Path path = directory.resolve("agent");
    CompletableFuture<String> told = new CompletableFuture<>();
    try (UnixListener listener = UnixListener.bind(path.toString(), SocketKind.STREAM, 0600)) {
      Thread.ofPlatform()
          .start(() -> {
            try (UnixStream agent = UnixStream.of(listener.accept());
                Message message = agent.receive(65536).orElseThrow()) {
              String text = new String(message.bytes(), StandardCharsets.UTF_8);
              message.takeAll().forEach(Fd::close); // nobody answers: the call is not there
              told.complete(text);
            } catch (RuntimeException e) {
              told.completeExceptionally(e);
            }
          });
      String out =
          run(
              bundle()
                  .linux(
                      seccomp(
                          "\"listenerPath\":\""
                              + path
                              + "\",\"listenerMetadata\":\"mine\",\"syscalls\":"
                              + "[{\"names\":[\"mkdir\",\"mkdirat\"],\"action\":\"SCMP_ACT_NOTIFY\"}]"))
                  .replacing("\"noNewPrivileges\":true", "\"noNewPrivileges\":" + noNewPrivileges)
                  .running("mkdir /x; true"),
              0);
      assertThat(out).contains("Function not implemented");
      assertThat(told.get(10, TimeUnit.SECONDS))
          .startsWith("{\"ociVersion\":\"1.2.1\",\"fds\":[\"seccompFd\"],\"pid\":")
          .contains("\"metadata\":\"mine\"")
          .contains("\"id\":\"" + id + "\",\"status\":\"creating\"")
          .containsPattern("\"pid\":[0-9]{2,},");
    }
  }

  @Test
  void doesNotFollowWhatTheRootPutsWhereTheKernelBelongs() throws Exception {
    Path root = directory.resolve("rootfs");
    Files.createSymbolicLink(root.resolve("proc"), Path.of("/tmp"));
    assertThatThrownBy(() -> runtime.launch(bundle().running("true"), List.of()))
        .isInstanceOf(LaunchException.class)
        .hasMessageContaining("proc at '/proc': open: ");
    Files.delete(root.resolve("proc"));
    Files.createSymbolicLink(root.resolve("out"), directory);
    assertThat(
            run(
                bundle()
                    .mount("{\"destination\":\"/out/made\",\"type\":\"tmpfs\",\"source\":\"t\"}")
                    .running("mount | grep /made"),
                0))
        .contains(" on " + directory + "/made type tmpfs");
    assertThat(directory.resolve("made")).doesNotExist();
  }

  @Test
  void copiesWhatItCovers() throws Exception {
    Path below = Files.createDirectories(directory.resolve("rootfs/data/deep"));
    Files.writeString(below.resolve("file"), "copied");
    Files.setAttribute(below.resolve("file"), "unix:uid", 77);
    Files.createSymbolicLink(below.resolve("link"), Path.of("file"));
    assertThat(
            run(
                bundle()
                    .mount(
                        "{\"destination\":\"/data\",\"type\":\"tmpfs\",\"source\":\"t\","
                            + "\"options\":[\"tmpcopyup\",\"ro\"]}")
                    .running(
                        "exec 2>&1; cat /data/deep/link; stat -c ' %u' /data/deep/file; touch /data/x; mount |"
                            + " grep /data"),
                0))
        .startsWith("copied 77\n")
        .contains("/data/x: Read-only file system")
        .contains("t on /data type tmpfs (ro,");
    assertThat(below.resolve("file")).exists();
  }

  @Test
  void mountsLayersOfTheHost() throws Exception {
    for (String name : List.of("lower", "upper", "work")) {
      Files.createDirectory(directory.resolve(name));
    }
    Files.writeString(directory.resolve("lower/file"), "layered");
    String options =
        "\"lowerdir="
            + directory
            + "/lower\",\"upperdir="
            + directory
            + "/upper\",\"workdir="
            + directory
            + "/work\",\"nosuid\"";
    assertThat(
            run(
                bundle()
                    .mount(
                        "{\"destination\":\"/merged\",\"type\":\"overlay\",\"source\":\"overlay\",\"options\":["
                            + options
                            + "]}")
                    .running("cat /merged/file; echo x > /merged/new; mount | grep /merged"),
                0))
        .startsWith("layered")
        .contains("overlay on /merged type overlay (rw,nosuid,");
    assertThat(directory.resolve("upper/new")).hasContent("x");
    try (Fd here = io.kapsel.linux.file.Open.path(directory.toString(), 0)) {
      io.kapsel.linux.file.Trees.delete(here, "work");
    }
  }

  @Test
  void propagationIsWhatTheConfigurationSays() throws Exception {
    String slave =
        run(
            bundle()
                .running("grep ' / / ' /proc/self/mountinfo; cat /proc/self/mountinfo | head -1"),
            0);
    assertThat(slave).doesNotContain("shared:");
    Files.delete(directory.resolve("control.sock"));
    Files.delete(directory.resolve("log"));
    String shared =
        run(
            bundle()
                .linux("\"rootfsPropagation\":\"shared\"")
                .mount(
                    "{\"destination\":\"/p\",\"source\":\"rootfs\",\"options\":[\"bind\",\"unbindable\"]}")
                .running("cat /proc/self/mountinfo"),
            0);
    assertThat(shared).containsPattern(" /p rw,\\S+ unbindable ");
  }
}
