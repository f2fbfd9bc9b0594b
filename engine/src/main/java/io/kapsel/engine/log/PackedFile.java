package io.kapsel.engine.log;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * A file that was packed by gzip (RFC 1952) and can be read from any place: it has a member for
 * each block, and each says in a field of its own how long it is, packed and plain, and which inode
 * the plain file was. It takes a block of memory, a packed one, and eight bytes for each block.
 */
public final class PackedFile implements SeekableByteChannel {
  private static final int BLOCK = 256 << 10;
  private static final int FIELD = 16;
  private static final int HEADER = 12 + 4 + FIELD;
  private static final int TRAILER = 8;
  private static final int MAGIC = 0x04088b1f; // gzip, deflate, with a field of its own
  private static final int SYSTEM = 0x0304; // packed fast, on Unix
  private static final int NAME = 'K' | 'L' << 8;

  private final FileChannel file;
  private final Inflater inflater = new Inflater(true);
  private final long[] members;
  private final long size;
  private byte[] block = new byte[0];
  private long blockAt;
  private long position;

  /** Takes over an open file. */
  public PackedFile(FileChannel file) throws IOException {
    this.file = file;
    long[] places = new long[16];
    int count = 0;
    long plain = 0;
    Optional<Member> member = member(file, 0);
    for (long at = 0; member.isPresent(); member = member(file, at)) {
      places = count == places.length ? Arrays.copyOf(places, count * 2) : places;
      places[count++] = at;
      at += member.get().packed();
      plain += member.get().plain();
    }
    this.members = Arrays.copyOf(places, count);
    this.size = plain;
  }

  /** What a member says of itself. */
  private record Member(int packed, int plain, long inode) {}

  private static Optional<Member> member(FileChannel file, long at) throws IOException {
    ByteBuffer header = buffer(HEADER);
    if (read(file, header, at) == 0) {
      return Optional.empty();
    }
    if (header.hasRemaining() || header.getInt(0) != MAGIC || header.getShort(12) != NAME) {
      throw new IOException("it is not packed as logs are");
    }
    Member member = new Member(header.getInt(16), header.getInt(20), header.getLong(24));
    boolean sound =
        member.packed >= HEADER + TRAILER
            && member.packed <= 2 * BLOCK
            && member.plain > 0
            && member.plain <= BLOCK;
    if (!sound) {
      throw new IOException("a packed part at " + at + " is damaged");
    }
    return Optional.of(member);
  }

  /** Which file that was before it was packed; empty: it has no content. */
  static Optional<Long> inode(FileChannel file) throws IOException {
    return member(file, 0).map(Member::inode);
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int read(FileChannel file, ByteBuffer into, long at) throws IOException {
    while (into.hasRemaining() && file.read(into, at + into.position()) >= 0) {
      // until it is full
    }
    return into.position();
  }

  /** Packs a file. */
  static void pack(FileChannel from, FileChannel to, long inode) throws IOException {
    ByteBuffer plain = buffer(BLOCK);
    Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
    try {
      long at = 0;
      while (read(from, plain.clear(), at) > 0) {
        at += plain.position();
        ByteBuffer packed = packed(plain.flip(), deflater, inode);
        while (packed.hasRemaining()) {
          int _ = to.write(packed);
        }
      }
    } finally {
      deflater.end();
    }
  }

  private static ByteBuffer packed(ByteBuffer plain, Deflater deflater, long inode) {
    int length = plain.limit();
    ByteBuffer packed = buffer(2 * BLOCK);
    packed.position(HEADER);
    deflater.reset();
    deflater.setInput(plain.duplicate());
    deflater.finish();
    int _ = deflater.deflate(packed);
    CRC32 sum = new CRC32();
    sum.update(plain);
    packed.putInt((int) sum.getValue()).putInt(length);
    packed.putInt(0, MAGIC).putShort(8, (short) SYSTEM).putShort(10, (short) (4 + FIELD));
    packed.putShort(12, (short) NAME).putShort(14, (short) FIELD);
    packed.putInt(16, packed.position()).putInt(20, length).putLong(24, inode);
    return packed.flip();
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    if (position >= size) {
      return -1;
    }
    if (position < blockAt || position >= blockAt + block.length) {
      load((int) (position / BLOCK));
    }
    int from = (int) (position - blockAt);
    int count = Math.min(into.remaining(), block.length - from);
    into.put(block, from, count);
    position += count;
    return count;
  }

  private void load(int which) throws IOException {
    long at = members[which];
    Member member = member(file, at).orElseThrow(EOFException::new);
    ByteBuffer packed = buffer(member.packed() - HEADER);
    byte[] plain = new byte[member.plain()];
    if (read(file, packed, at + HEADER) < packed.capacity()) {
      throw new EOFException();
    }
    int wanted = packed.getInt(packed.capacity() - TRAILER);
    inflater.reset();
    inflater.setInput(packed.flip().limit(packed.capacity() - TRAILER));
    CRC32 sum = new CRC32();
    try {
      int count = inflater.inflate(plain);
      sum.update(plain, 0, count);
    } catch (DataFormatException e) {
      throw new IOException("a packed part at " + at + " is damaged", e);
    }
    if (wanted != (int) sum.getValue()) {
      throw new IOException("a packed part at " + at + " is damaged");
    }
    block = plain;
    blockAt = (long) which * BLOCK;
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public SeekableByteChannel position(long place) {
    position = place;
    return this;
  }

  @Override
  public long size() throws IOException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
    return size;
  }

  @Override
  public int write(ByteBuffer from) {
    throw new NonWritableChannelException();
  }

  @Override
  public SeekableByteChannel truncate(long length) {
    throw new NonWritableChannelException();
  }

  @Override
  public boolean isOpen() {
    return file.isOpen();
  }

  @Override
  public void close() throws IOException {
    inflater.end();
    file.close();
  }
}
