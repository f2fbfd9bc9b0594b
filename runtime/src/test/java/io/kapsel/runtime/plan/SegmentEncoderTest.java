package io.kapsel.runtime.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bytes of docs/guide/wire.md, section 1. */
class SegmentEncoderTest {
  private final Slots slots = new Slots();
  private final Steps monitor = new Steps();
  private final Steps init = new Steps();

  private ByteBuffer encode(Input... inputs) {
    byte[] bytes = new Segment("test", List.of(inputs), monitor.list(), init.list(), true).encode();
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void writesTheHeader() {
    slots.take("other");
    Slot slot = slots.take("log");
    monitor.call(Syscall.GETPID).because("test");
    init.call(Syscall.GETUID).because("test");

    ByteBuffer out = encode(new Input(slot, Input.Kind.WRITE, "/log", "test"));

    assertThat(out.getInt(0)).isEqualTo(0x4e4c504b);
    assertThat(out.getShort(4)).isEqualTo((short) 1);
    assertThat(out.getShort(6)).as("FINAL").isEqualTo((short) 1);
    assertThat(out.getInt(8)).isEqualTo(out.capacity());
    assertThat(out.getInt(12)).isEqualTo(1);
    assertThat(out.getInt(16)).isEqualTo(1);
    assertThat(out.getInt(28)).as("input base").isEqualTo(1);
    assertThat(out.getInt(32)).as("inputs").isEqualTo(1);
    assertThat(out.capacity() % 8).isZero();
  }

  @Test
  void writesAStepWithItsRule() {
    Slot slot = slots.take("fd");
    monitor
        .call(Syscall.CLOSE, Value.of(slot), Value.of(7))
        .into(slot)
        .tolerating(Errno.ENOENT, Errno.EPERM)
        .noticing()
        .ifThere()
        .orElse(2)
        .elseSkipping(3)
        .because("test");

    ByteBuffer out = encode();

    assertThat(out.getShort(40)).isEqualTo((short) 0);
    assertThat(out.get(42)).isEqualTo((byte) (1 | 0x40 | 0x80));
    assertThat(out.getShort(44)).isEqualTo((short) 0);
    assertThat(out.getShort(46)).isEqualTo((short) 2);
    assertThat(out.getShort(48)).isEqualTo((short) 3);
    assertThat(out.getShort(50)).isEqualTo((short) 2);
    assertThat(out.getShort(52)).isEqualTo((short) 1);
    assertThat(out.get(58)).as("kind SLOT").isEqualTo((byte) 2);
    assertThat(out.getInt(64)).isEqualTo(Syscall.CLOSE.number());
    assertThat(out.getLong(80)).isEqualTo(7);
  }

  @Test
  void keepsEqualTextsOnce() {
    monitor.call(Syscall.CHDIR, Value.text("/some/path")).because("test");
    monitor.call(Syscall.CHDIR, Value.text("/some/path")).because("test");
    monitor.call(Syscall.CHDIR, Value.text("/other")).because("test");

    ByteBuffer out = encode();

    assertThat(out.getLong(72)).isEqualTo(out.getLong(72 + 80));
    assertThat(out.getLong(72)).isNotEqualTo(out.getLong(72 + 160));
  }

  @Test
  void relocatesArraysOfTexts() {
    monitor.act(Step.Op.EXEC, Value.at(Blob.texts(List.of("a", "bc"), "argv"))).because("test");

    ByteBuffer out = encode();

    assertThat(out.getInt(20)).as("relocations").isEqualTo(2);
    int data = 40 + 80 + 16;
    int second = out.getInt(40 + 80 + 12);
    assertThat(out.getInt(40 + 80 + 8)).as("second pointer of the array").isEqualTo(8);
    assertThat((char) out.get(data + second)).isEqualTo('b');
  }

  @Test
  void endsTheListOfDescriptorsThatAreSent() {
    Slot slot = slots.take("fd");
    monitor.act(Step.Op.SEND, Value.of(slot)).because("test");

    assertThat(encode().getLong(80)).isEqualTo(-1);
  }

  @Test
  void givesNoMoreSlotsThanALauncherHas() {
    for (int i = 0; i < Slot.COUNT; i++) {
      slots.take("slot");
    }

    assertThatThrownBy(() -> slots.take("one more"))
        .hasMessageStartingWith("the plan needs more than 512 results");
  }

  @Test
  void sharesTheSlotOfAName() {
    assertThat(slots.sharedBy("target")).isEqualTo(slots.sharedBy("target"));
    assertThat(slots.sharedBy("target")).isNotEqualTo(slots.take("target"));
  }
}
