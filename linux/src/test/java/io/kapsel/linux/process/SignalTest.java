package io.kapsel.linux.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SignalTest {
  @Test
  void everyNameLeadsBackToItsNumber() {
    for (int number = 1; number <= 64; number++) {
      Signal signal = new Signal(number);
      if (number != 32 && number != 33) {
        assertThat(Signal.parse(signal.label())).contains(signal);
      }
      assertThat(Signal.parse(Integer.toString(number))).contains(signal);
    }
  }

  @Test
  void namesAreTakenAsPeopleWriteThem() {
    assertThat(Signal.parse("sigterm")).contains(Signal.TERM);
    assertThat(Signal.parse("KILL")).contains(Signal.KILL);
    assertThat(Signal.parse("RTMIN+3")).contains(new Signal(37));
    assertThat(Signal.parse("SIGRTMAX-1")).contains(new Signal(63));
    assertThat(Signal.parse("SIGPOLL").orElseThrow().label()).isEqualTo("SIGIO");
  }

  @Test
  void nonsenseIsNoSignal() {
    for (String text : new String[] {"", "SIG", "0", "65", "999", "-1", "RTMIN+40", "RTMAX-31"}) {
      assertThat(Signal.parse(text)).as(text).isEmpty();
    }
    assertThatThrownBy(() -> new Signal(0)).hasMessage("cannot use signal '0': not in 1 to 64");
  }

  @Test
  void limitsAreReadAndSet() {
    ResourceLimit limit = ResourceLimit.get(0, Resource.NOFILE);
    assertThat(limit.soft()).isPositive();
    limit.set(0, Resource.NOFILE);
    assertThat(ResourceLimit.get(0, Resource.NOFILE)).isEqualTo(limit);
    assertThat(Resource.parse("RLIMIT_NOFILE")).contains(Resource.NOFILE);
    assertThat(Resource.parse("nofile")).contains(Resource.NOFILE);
    assertThat(Resource.parse("nonsense")).isEmpty();
  }

  @Test
  void theKernelTellsItsRelease() {
    Uname uname = Uname.read();
    assertThat(uname.system()).isEqualTo("Linux");
    assertThat(uname.atLeast(5, 6)).isTrue();
    assertThat(uname.atLeast(99, 0)).isFalse();
    assertThat(new Uname("", "", "5.10.0-8-amd64", "", "").atLeast(5, 9)).isTrue();
  }
}
