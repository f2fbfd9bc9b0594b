package io.kapsel.image.tar;

import java.io.ByteArrayInputStream;
import java.io.IOException;

/** Fuzz targets: archives. They fail by any exception but those that refuse, and by taking long. */
public final class TarFuzz {
  private static final long LARGEST_ID = 0xffff_fffeL;

  private TarFuzz() {}

  private static void hold(boolean rule, String what) {
    if (!rule) {
      throw new IllegalStateException(what);
    }
  }

  /** A whole archive, with checksums made right so that what lies behind them is reached. */
  public static final class Archive {
    private Archive() {}

    /** Every member that comes out of it is one that can be. */
    public static void fuzzerTestOneInput(byte[] data) {
      byte[] archive = data.clone();
      for (int at = 0; at + TarHeader.SIZE <= archive.length; at += TarHeader.SIZE) {
        repair(archive, at);
      }
      TarReader tar = new TarReader(new ByteArrayInputStream(archive));
      long total = 0;
      try {
        for (TarEntry entry; (entry = tar.next()) != null; ) {
          hold(entry.uid() >= 0 && entry.uid() <= LARGEST_ID, "uid " + entry.uid());
          hold(entry.gid() >= 0 && entry.gid() <= LARGEST_ID, "gid " + entry.gid());
          hold((entry.mode() & ~07777) == 0, "mode " + entry.mode());
          hold(entry.size() >= 0, "size " + entry.size());
          hold(entry.link().indexOf(0) < 0 && entry.name().indexOf(0) < 0, "a NUL");
          long end = 0;
          for (TarEntry.Segment each : entry.segments()) {
            hold(each.offset() >= end && each.length() >= 0, "segments overlap");
            end = each.offset() + each.length();
            hold(end <= entry.size(), "a segment lies outside");
          }
          total += tar.data().readAllBytes().length;
        }
      } catch (IOException _) {
        // the way to say no
      }
      hold(total <= archive.length, "more comes out than went in");
    }

    private static void repair(byte[] archive, int at) {
      if (archive[at] == 0) {
        return;
      }
      java.util.Arrays.fill(archive, at + 148, at + 156, (byte) ' ');
      int sum = 0;
      for (int i = at; i < at + TarHeader.SIZE; i++) {
        sum += archive[i] & 0xff;
      }
      byte[] text = "%06o\0".formatted(sum).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
      System.arraycopy(text, 0, archive, at + 148, text.length);
    }
  }

  /** The records of a PAX header. */
  public static final class Pax {
    private Pax() {}

    /** All that can be asked of them is answered or refused. */
    public static void fuzzerTestOneInput(byte[] data) {
      PaxRecords records = new PaxRecords();
      try {
        records.parse(data);
        records.name("path").ifPresent(it -> hold(it.indexOf(0) < 0, "a NUL"));
        records.number("size").ifPresent(it -> hold(it >= 0, "negative"));
        records.time("mtime");
        hold(records.xattrs().size() <= 512, "too many attributes");
        records.sparseMap();
        records.hasMapInData();
      } catch (TarException _) {
        // the way to say no
      }
    }
  }

  /** Something packed, or not. */
  public static final class Packed {
    private static final long LIMIT = 1 << 20;

    private Packed() {}

    /** Ends at the limit at the latest. */
    public static void fuzzerTestOneInput(byte[] data) {
      try (java.io.InputStream plain = Unpacking.of(new ByteArrayInputStream(data), LIMIT)) {
        long count = plain.transferTo(java.io.OutputStream.nullOutputStream());
        hold(count <= LIMIT, "more than the limit");
      } catch (IOException _) {
        // the way to say no
      }
    }
  }
}
