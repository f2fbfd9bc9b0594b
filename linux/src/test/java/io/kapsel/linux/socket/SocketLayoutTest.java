package io.kapsel.linux.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.kapsel.linux.CLayout;
import org.junit.jupiter.api.Test;

class SocketLayoutTest {
  @Test
  void messagesLieWhereTheKernelLooks() {
    assertThat(MessageHeader.SIZE).isEqualTo(CLayout.of("struct msghdr"));
    assertThat(MessageHeader.VECTORS).isEqualTo(CLayout.of("struct msghdr.msg_iov"));
    assertThat(MessageHeader.VECTOR_COUNT).isEqualTo(CLayout.of("struct msghdr.msg_iovlen"));
    assertThat(MessageHeader.CONTROL).isEqualTo(CLayout.of("struct msghdr.msg_control"));
    assertThat(MessageHeader.CONTROL_LENGTH).isEqualTo(CLayout.of("struct msghdr.msg_controllen"));
    assertThat(MessageHeader.FLAGS).isEqualTo(CLayout.of("struct msghdr.msg_flags"));
    assertThat(MessageHeader.VECTOR).isEqualTo(CLayout.of("struct iovec"));
    assertThat(MessageHeader.CONTROL_HEAD).isEqualTo(CLayout.of("struct cmsghdr"));
    assertThat(MessageHeader.CONTROL_LEVEL).isEqualTo(CLayout.of("struct cmsghdr.cmsg_level"));
    assertThat(MessageHeader.CONTROL_TYPE).isEqualTo(CLayout.of("struct cmsghdr.cmsg_type"));
  }

  @Test
  void addressesAndCredentialsHaveTheirSizes() {
    assertThat(SocketAddress.SIZE).isEqualTo(CLayout.of("struct sockaddr_un"));
    assertThat(Credentials.SIZE).isEqualTo(CLayout.of("struct ucred"));
  }
}
