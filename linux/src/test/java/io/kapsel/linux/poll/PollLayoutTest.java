package io.kapsel.linux.poll;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.CLayout;
import org.junit.jupiter.api.Test;

class PollLayoutTest {
  @Test
  void eventsLieWhereTheKernelPutsThem() {
    assertThat(EpollEvent.SIZE).isEqualTo(CLayout.of("struct epoll_event"));
    assertThat(EpollEvent.TOKEN).isEqualTo(CLayout.of("struct epoll_event.data"));
  }
}
