package io.kapsel.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** A log as monitors write it. */
final class WrittenLog {
  static final int BLOCK = 256 << 10;

  private final Path directory;
  private final int files;
  private int second;

  WrittenLog(Path directory, int files) {
    this.directory = directory;
    this.files = files;
  }

  /** As the monitor does: with a head, and never over the border of a block. */
  void append(int stream, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    ByteBuffer record = ByteBuffer.allocate(16 + bytes.length).order(ByteOrder.LITTLE_ENDIAN);
    record.putInt(stream).putInt(bytes.length).putLong(++second * 1_000_000_000L).put(bytes);
    try (FileChannel log =
        FileChannel.open(
            directory.resolve("log"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      if (log.size() == 0) {
        ByteBuffer head = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
        log.write(head.putInt(0x474f4c4b).putInt(1).position(0), 0);
      }
      long at = log.size();
      if (at % BLOCK + record.capacity() > BLOCK) {
        at += BLOCK - at % BLOCK;
      }
      log.write(record.flip(), at);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  void rotate() {
    try {
      for (String end : new String[] {"", ".gz"}) {
        Files.deleteIfExists(directory.resolve("log." + (files - 1) + end));
        for (int age = files - 1; age > 0; age--) {
          Path younger = directory.resolve((age == 1 ? "log" : "log." + (age - 1)) + end);
          if (Files.exists(younger)) {
            Files.move(
                younger,
                directory.resolve("log." + age + end),
                StandardCopyOption.REPLACE_EXISTING);
          }
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
