package io.kapsel.image.tar;

import io.kapsel.linux.RawText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes archives in the POSIX format: ustar headers, with PAX headers only where they are needed,
 * so that the same members always give the same bytes.
 */
public final class TarWriter implements AutoCloseable {
  private static final long LARGEST_OCTAL = 077777777777L;
  private static final int LARGEST_ID = 07777777;

  private final OutputStream out;
  private long left;
  private int padding;

  /** Writes to {@code out}, which is closed with this. */
  public TarWriter(OutputStream out) {
    this.out = out;
  }

  /** Begins a member; as many bytes as it says must follow by {@link #write}. */
  public void begin(TarEntry entry) throws IOException {
    end();
    Map<String, byte[]> pax = new TreeMap<>();
    byte[] name = RawText.encode(entry.name());
    byte[] link = RawText.encode(entry.link());
    if (name.length > 100) {
      pax.put("path", name);
    }
    if (link.length > 100) {
      pax.put("linkpath", link);
    }
    long size = entry.type() == TarEntry.Type.FILE ? entry.size() : 0;
    number(pax, "size", size, LARGEST_OCTAL);
    number(pax, "uid", entry.uid(), LARGEST_ID);
    number(pax, "gid", entry.gid(), LARGEST_ID);
    time(pax, entry);
    entry.xattrs().forEach((key, value) -> pax.put("SCHILY.xattr." + key, value));
    if (!pax.isEmpty()) {
      extended(pax);
    }
    out.write(header(entry, name, link, size));
    left = size;
    padding = (int) (-size & (TarHeader.SIZE - 1));
  }

  private static void number(Map<String, byte[]> pax, String key, long value, long most) {
    if (value > most) {
      pax.put(key, ascii(Long.toString(value)));
    }
  }

  private static void time(Map<String, byte[]> pax, TarEntry entry) {
    Duration since = Duration.between(Instant.EPOCH, entry.modified());
    long seconds = since.getSeconds();
    if (since.getNano() == 0 && seconds >= 0 && seconds <= LARGEST_OCTAL) {
      return;
    }
    String text =
        BigDecimal.valueOf(seconds)
            .add(BigDecimal.valueOf(since.getNano(), 9))
            .stripTrailingZeros()
            .toPlainString();
    pax.put("mtime", ascii(text));
  }

  private void extended(Map<String, byte[]> pax) throws IOException {
    ByteArrayOutputStream records = new ByteArrayOutputStream();
    pax.forEach((key, value) -> record(records, key, value));
    byte[] content = records.toByteArray();
    byte[] block = new byte[TarHeader.SIZE];
    put(block, 0, ascii("PaxHeaders/header"));
    fields(block, 0644, 0, 0, content.length, 0);
    finish(block, 'x');
    out.write(block);
    out.write(content);
    out.write(new byte[-content.length & (TarHeader.SIZE - 1)]);
  }

  private static void record(ByteArrayOutputStream out, String key, byte[] value) {
    byte[] name = key.getBytes(StandardCharsets.UTF_8);
    int rest = 1 + name.length + 1 + value.length + 1;
    int length = rest + Integer.toString(rest).length();
    length = rest + Integer.toString(length).length();
    out.writeBytes(ascii(length + " "));
    out.writeBytes(name);
    out.write('=');
    out.writeBytes(value);
    out.write('\n');
  }

  private static byte[] header(TarEntry entry, byte[] name, byte[] link, long size) {
    byte[] block = new byte[TarHeader.SIZE];
    put(block, 0, Arrays.copyOf(name, Math.min(name.length, 100)));
    put(block, 157, Arrays.copyOf(link, Math.min(link.length, 100)));
    long seconds = entry.modified().getEpochSecond();
    fields(
        block,
        entry.mode(),
        entry.uid() > LARGEST_ID ? 0 : entry.uid(),
        entry.gid() > LARGEST_ID ? 0 : entry.gid(),
        size > LARGEST_OCTAL ? 0 : size,
        seconds < 0 || seconds > LARGEST_OCTAL ? 0 : seconds);
    octal(block, 329, 8, entry.major());
    octal(block, 337, 8, entry.minor());
    finish(block, entry.type().flag());
    return block;
  }

  private static void fields(byte[] block, int mode, long uid, long gid, long size, long time) {
    octal(block, 100, 8, mode);
    octal(block, 108, 8, uid);
    octal(block, 116, 8, gid);
    octal(block, 124, 12, size);
    octal(block, 136, 12, time);
  }

  private static void finish(byte[] block, char flag) {
    block[156] = (byte) flag;
    put(block, 257, ascii("ustar\00000"));
    Arrays.fill(block, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte each : block) {
      sum += each & 0xff;
    }
    octal(block, 148, 7, sum);
  }

  private static void octal(byte[] block, int from, int length, long value) {
    String text = Long.toOctalString(value);
    put(block, from, ascii("0".repeat(length - 1 - text.length()) + text));
    block[from + length - 1] = 0;
  }

  private static void put(byte[] block, int at, byte[] text) {
    System.arraycopy(text, 0, block, at, text.length);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Some bytes of the member that was begun last. */
  public void write(byte[] bytes, int from, int length) throws IOException {
    if (length > left) {
      throw new IOException("a file has grown while it was read");
    }
    out.write(bytes, from, length);
    left -= length;
  }

  private void end() throws IOException {
    if (left > 0) {
      throw new IOException("a file has shrunk while it was read");
    }
    out.write(new byte[padding]);
    padding = 0;
  }

  /** A small member as a whole. */
  public void file(TarEntry entry, byte[] content) throws IOException {
    begin(entry);
    write(content, 0, content.length);
  }

  /** Writes the end mark. */
  public void finish() throws IOException {
    end();
    out.write(new byte[2 * TarHeader.SIZE]);
    out.flush();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
