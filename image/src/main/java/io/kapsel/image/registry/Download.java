package io.kapsel.image.registry;

import io.kapsel.image.ImageException;
import io.kapsel.oci.image.Descriptor;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A blob that comes from a registry, from an offset on. When the connection breaks it goes on where
 * it was; never more than the size that the manifest names is taken.
 */
final class Download extends InputStream {
  private static final int MOST_BREAKS = 100;

  private final Repository repository;
  private final Descriptor descriptor;
  private @Nullable Answer answer;
  private @Nullable IOException failure;
  private long offset;
  private int breaks;
  private int breaksInARow;

  Download(Repository repository, Descriptor descriptor, long offset) {
    this.repository = repository;
    this.descriptor = descriptor;
    this.offset = offset;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  /** As much as was asked for, unless it ends or breaks off; what breaks it off is thrown next. */
  @Override
  public int read(byte[] bytes, int from, int length) throws IOException {
    IOException broken = failure;
    if (broken != null) {
      throw broken;
    }
    int done = 0;
    try {
      for (int count; done < length; done += count) {
        count = some(bytes, from + done, length - done);
        if (count < 0) {
          return done == 0 ? -1 : done;
        }
      }
    } catch (IOException e) {
      if (done == 0) {
        throw e;
      }
      failure = e;
    }
    return done;
  }

  private int some(byte[] bytes, int from, int length) throws IOException {
    while (true) {
      try {
        return piece(bytes, from, length);
      } catch (java.io.InterruptedIOException e) {
        throw e;
      } catch (IOException e) {
        closeAnswer();
        breaks++;
        breaksInARow++;
        boolean enough = breaksInARow >= repository.server().limits().attempts();
        if (enough || breaks > MOST_BREAKS || Thread.currentThread().isInterrupted()) {
          throw new IOException(
              "the download of " + descriptor.id().abbreviated() + " broke off: " + e.getMessage(),
              e);
        }
        repository.server().pause(breaksInARow, Optional.empty());
      }
    }
  }

  private int piece(byte[] bytes, int from, int length) throws IOException {
    if (offset == descriptor.size() && answer == null) {
      return -1;
    }
    Answer now = answer;
    if (now == null) {
      now = open();
      answer = now;
    }
    int count = now.body().read(bytes, from, length);
    if (count >= 0) {
      offset += count;
      breaksInARow = count > 0 ? 0 : breaksInARow;
      if (offset > descriptor.size()) {
        throw wrong("more bytes than the manifest says");
      }
      return count;
    }
    if (offset < descriptor.size()) {
      throw new IOException("it ended early");
    }
    return -1;
  }

  private Answer open() throws IOException {
    Answer opened = repository.blob(descriptor.id(), offset);
    switch (opened.status()) {
      case 200 -> {
        try {
          opened.body().skipNBytes(offset);
        } catch (IOException e) {
          opened.close();
          throw e;
        }
      }
      case 206 -> {
        if (!startsAt(opened.header("Content-Range").orElse(""), offset)) {
          opened.close();
          throw wrong("another part than was asked for");
        }
      }
      default ->
          throw repository
              .server()
              .failure(opened, "fetch '" + descriptor.id().abbreviated() + "'");
    }
    return opened;
  }

  /** Whether {@code bytes 5-9/10} starts there; see RFC 9110, section 14.4. */
  static boolean startsAt(String contentRange, long offset) {
    return contentRange.matches("bytes \\d{1,18}-\\d{1,18}/(\\d{1,18}|\\*)")
        && contentRange.startsWith("bytes " + offset + "-");
  }

  private ImageException wrong(String what) {
    return new ImageException.Refused(
        "cannot fetch '%s': '%s' sends %s"
            .formatted(descriptor.digest(), repository.server().host(), what));
  }

  private void closeAnswer() {
    Answer now = answer;
    answer = null;
    if (now != null) {
      now.close();
    }
  }

  @Override
  public void close() {
    closeAnswer();
  }
}
