package io.kapsel.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FdTraceTest {
  @Test
  void tellsWhereWhatIsOpenWasAdopted() {
    FdTrace trace = new FdTrace();
    trace.opened(Fd.CWD);
    assertThat(trace.list()).singleElement().asString().startsWith("fd -100 adopted\n\tat ");
    trace.closed(Fd.CWD);
    assertThat(trace.list()).isEmpty();
  }
}
