package io.kapsel.oci;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.base.JsonException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Configurations as other engines write them, and ones that nobody should. */
class SpecTest {
  private static final String WHOLE =
      """
      {"ociVersion":"1.2.0","unknown":{"x":[1]},
       "process":{"terminal":true,"consoleSize":{"height":25,"width":80},
        "user":{"uid":1000,"gid":100,"additionalGids":[5,6],"umask":18},
        "args":["sh","-c","true"],"env":["A=b"],"cwd":"/srv",
        "capabilities":{"bounding":["CAP_CHOWN"],"effective":["CAP_CHOWN"],"permitted":["CAP_CHOWN"]},
        "rlimits":[{"type":"RLIMIT_NOFILE","soft":1024,"hard":18446744073709551615}],
        "noNewPrivileges":true,"oomScoreAdj":-5,
        "ioPriority":{"class":"IOPRIO_CLASS_IDLE","priority":4}},
       "root":{"path":"rootfs","readonly":true},"hostname":"box",
       "mounts":[{"destination":"/proc","type":"proc","source":"proc"},
        {"destination":"/data","source":"/srv/data","options":["rbind","ro"],
         "uidMappings":[{"containerID":0,"hostID":1000,"size":1}],
         "gidMappings":[{"containerID":0,"hostID":1000,"size":1}]}],
       "hooks":{"poststop":[{"path":"/bin/true","timeout":3}]},
       "annotations":{"a":"b"},
       "linux":{"namespaces":[{"type":"pid"},{"type":"network","path":"/proc/1/ns/net"}],
        "uidMappings":[{"containerID":0,"hostID":536870912,"size":65536}],
        "sysctl":{"net.ipv4.ip_forward":"1"},"cgroupsPath":"/kapsel/x",
        "resources":{"devices":[{"allow":false,"access":"rwm"}],
         "memory":{"limit":67108864,"swap":-1},"cpu":{"quota":50000,"period":100000},
         "pids":{"limit":50},"blockIO":{"weight":10},"unified":{"memory.high":"max"}},
        "devices":[{"path":"/dev/fuse","type":"c","major":10,"minor":229,"fileMode":438}],
        "seccomp":{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],
         "syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW",
          "args":[{"index":0,"value":18446744073709551615,"op":"SCMP_CMP_NE"}]}]},
        "maskedPaths":["/proc/kcore"],"readonlyPaths":["/proc/sys"],
        "timeOffsets":{"monotonic":{"secs":10}}}}
      """;

  @Test
  void findsPropertiesInWhateverCaseTheyAreWrittenAndTakesAMissingUserForRoot() {
    Spec spec =
        Spec.parse(
            """
            {"ociVersion":"1.2.0","process":{"args":["sh"],"CWD":"/"},
             "linux":{"resources":{"hugepagelimits":[{"pagesize":"2MB","limit":7}]}}}
            """
                .getBytes(UTF_8));

    Process process = spec.process().orElseThrow();
    assertThat(process.cwd()).isEqualTo("/");
    assertThat(process.user()).isEqualTo(User.of(0, 0));
    assertThat(spec.linux().orElseThrow().resources().orElseThrow().hugepageLimits())
        .containsExactly(new Resources.HugepageLimit("2MB", 7));
  }

  @Test
  void readsAndWritesAWholeConfiguration() {
    Spec spec = Spec.parse(WHOLE.getBytes(UTF_8));

    Process process = spec.process().orElseThrow();
    Linux linux = spec.linux().orElseThrow();
    assertThat(process.user().additionalGids()).containsExactly(5L, 6L);
    assertThat(process.rlimits()).containsExactly(new Process.Rlimit("RLIMIT_NOFILE", 1024, -1));
    assertThat(process.ioPriority()).contains(new Process.IoPriority("IOPRIO_CLASS_IDLE", 4));
    assertThat(linux.namespace(Namespace.Type.NETWORK).orElseThrow().path())
        .contains("/proc/1/ns/net");
    assertThat(linux.resources().orElseThrow().blockIo().orElseThrow().weight()).contains(10);
    assertThat(spec.mounts().get(1).isBind()).isTrue();
    assertThat(Spec.parse(spec.toJson())).isEqualTo(spec);
  }

  @Test
  void writesOnlyWhatIsThere() {
    Spec spec = Spec.parse("{\"ociVersion\":\"1.0.2\",\"hostname\":\"a\"}".getBytes(UTF_8));

    assertThat(new String(spec.toJson(), UTF_8))
        .isEqualTo("{\"ociVersion\":\"1.0.2\",\"hostname\":\"a\"}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}|'ociVersion' is missing",
        "{\"ociVersion\":\"2.0.0\"}|'ociVersion' is not a version 1.x: '2.0.0'",
        "{\"ociVersion\":\"1.0.0\",\"mounts\":[{\"destination\":\"\"}]}"
            + "|'mounts[].destination' is empty: ''",
        "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"\"}}|'root.path' is empty: ''",
        "{\"ociVersion\":\"1.0.0\",\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]}}"
            + "|'linux.namespaces' is there twice: 'pid'",
        "{\"ociVersion\":\"1.0.0\",\"linux\":{\"seccomp\":{\"defaultAction\":\"X\"}}}"
            + "|'linux.seccomp.defaultAction' is not an action: 'X'",
        "{\"ociVersion\":\"1.0.0\",\"linux\":{\"namespaces\":[{\"type\":\"x\"}]}}|is not one of [pid,",
        "{\"ociVersion\":\"1.0.0\",\"mounts\":[1]}|'mounts[0]' is not an object",
        "{\"ociVersion\":\"1.0.0\",\"hostname\":\"a\\u0000\"}|'hostname' contains a NUL",
      })
  void refusesWhatTheSpecificationDoesNotAllow(String json, String message) {
    assertThatThrownBy(() -> Spec.parse(json.getBytes(UTF_8)))
        .isInstanceOfAny(JsonException.class, InvalidSpecException.class)
        .hasMessageContaining(message);
  }

  @Test
  void refusesCapabilitiesThatTheKernelWouldRefuse() {
    assertThatThrownBy(
            () -> new Capabilities(List.of(), List.of("CAP_KILL"), List.of(), List.of(), List.of()))
        .hasMessage("'process.capabilities.effective' is not in the permitted set: 'CAP_KILL'");
  }

  @Test
  void refusesASoftLimitAboveTheHardOne() {
    assertThatThrownBy(() -> new Process.Rlimit("RLIMIT_NOFILE", -1, 5))
        .isInstanceOf(InvalidSpecException.class);
  }
}
