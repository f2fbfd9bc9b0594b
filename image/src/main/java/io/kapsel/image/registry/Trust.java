package io.kapsel.image.registry;

import io.kapsel.image.ImageException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.SoftReference;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Whom an endpoint's TLS trusts, and what proves who we are. */
public final class Trust {
  private static final char[] NO_PASSWORD = new char[0];
  private static final List<Path> SYSTEM =
      List.of(
          Path.of("/etc/ssl/certs/ca-certificates.crt"),
          Path.of("/etc/pki/tls/certs/ca-bundle.crt"));

  private static volatile SoftReference<@Nullable Read> host = new SoftReference<>(null);

  private Trust() {}

  /**
   * What speaks TLS with an endpoint.
   *
   * @throws ImageException when its certificates cannot be used
   */
  public static SSLContext of(Endpoint endpoint) {
    return context(endpoint, () -> trust(endpoint));
  }

  /**
   * The same for an endpoint that speaks no TLS, which may send us to one that does: the
   * authorities are read when that happens.
   */
  static SSLContext later(Endpoint endpoint) {
    return context(endpoint, () -> new TrustManager[] {new WhenNeeded(endpoint)});
  }

  /** Whoever makes up what is trusted. */
  @FunctionalInterface
  private interface Managers {
    TrustManager[] all() throws GeneralSecurityException, IOException;
  }

  private static SSLContext context(Endpoint endpoint, Managers trusted) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys(endpoint), trusted.all(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new ImageException.Failed(
          "cannot use the certificates for '" + endpoint.base().getHost() + "': " + e.getMessage(),
          e);
    }
  }

  private static TrustManager[] trust(Endpoint endpoint)
      throws GeneralSecurityException, IOException {
    if (!endpoint.verify()) {
      return new TrustManager[] {new Anybody()};
    }
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, NO_PASSWORD);
    int count = 0;
    for (Path file : SYSTEM) {
      if (Files.exists(file)) {
        count = add(store, ofHost(file), count);
        break;
      }
    }
    for (Path file : endpoint.authorities()) {
      count = add(store, read(file), count);
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(count == 0 ? null : store);
    return java.util.Arrays.stream(factory.getTrustManagers())
        .map(each -> each instanceof X509ExtendedTrustManager usual ? new Dated(usual) : each)
        .toArray(TrustManager[]::new);
  }

  private static int add(KeyStore store, Collection<? extends Certificate> all, int count)
      throws GeneralSecurityException {
    int number = count;
    for (Certificate each : all) {
      store.setCertificateEntry("authority-" + number++, each);
    }
    return number;
  }

  /** To read all authorities of a host takes longer than to pull what is there. */
  private static Collection<? extends Certificate> ofHost(Path file)
      throws GeneralSecurityException, IOException {
    BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
    Read known = host.get();
    if (known == null || !known.is(file, now)) {
      known = new Read(file, now.lastModifiedTime(), now.size(), List.copyOf(read(file)));
      host = new SoftReference<>(known);
    }
    return known.certificates;
  }

  private static Collection<? extends Certificate> read(Path file)
      throws GeneralSecurityException, IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return CertificateFactory.getInstance("X.509").generateCertificates(in);
    }
  }

  /** What was read of a file, and which state of it. */
  private record Read(
      Path file, FileTime modified, long size, List<? extends Certificate> certificates) {
    boolean is(Path other, BasicFileAttributes now) {
      return file.equals(other) && modified.equals(now.lastModifiedTime()) && size == now.size();
    }
  }

  private static KeyManager @Nullable [] keys(Endpoint endpoint)
      throws GeneralSecurityException, IOException {
    if (endpoint.client().isEmpty()) {
      return null;
    }
    Endpoint.ClientKey pair = endpoint.client().get();
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, NO_PASSWORD);
    try (InputStream in = Files.newInputStream(pair.certificate())) {
      Certificate[] chain =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(in)
              .toArray(Certificate[]::new);
      store.setKeyEntry("client", key(pair.key()), NO_PASSWORD, chain);
    }
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, NO_PASSWORD);
    return factory.getKeyManagers();
  }

  private static PrivateKey key(Path file) throws GeneralSecurityException, IOException {
    String text = Files.readString(file);
    if (!text.contains("BEGIN PRIVATE KEY")) {
      throw new GeneralSecurityException(
          "'" + file + "' is no key in PKCS #8; openssl pkcs8 -topk8 -nocrypt makes one");
    }
    String body = text.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
    PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body));
    for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(spec);
      } catch (java.security.spec.InvalidKeySpecException _) {
        // the next one
      }
    }
    throw new GeneralSecurityException("'" + file + "' is a key of an unknown kind");
  }

  /** Trusts as {@link #trust} says, and asks it when somebody is to be trusted. */
  private static final class WhenNeeded extends X509ExtendedTrustManager {
    private final Endpoint endpoint;
    private volatile @Nullable X509ExtendedTrustManager found;

    WhenNeeded(Endpoint endpoint) {
      this.endpoint = endpoint;
    }

    private X509ExtendedTrustManager found() throws CertificateException {
      X509ExtendedTrustManager known = found;
      if (known != null) {
        return known;
      }
      try {
        for (TrustManager each : trust(endpoint)) {
          if (each instanceof X509ExtendedTrustManager usable) {
            found = usable;
            return usable;
          }
        }
      } catch (GeneralSecurityException | IOException e) {
        throw new CertificateException("the authorities cannot be read: " + e.getMessage(), e);
      }
      throw new CertificateException("this Java has nobody that it trusts");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      found().checkClientTrusted(chain, type);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      found().checkServerTrusted(chain, type);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      found().checkClientTrusted(chain, type, socket);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      found().checkServerTrusted(chain, type, socket);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      found().checkClientTrusted(chain, type, engine);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      found().checkServerTrusted(chain, type, engine);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0]; // of clients, which there are none of
    }
  }

  /** The usual trust; but a certificate that is trusted by itself expires like all others. */
  private static final class Dated extends X509ExtendedTrustManager {
    private final X509ExtendedTrustManager usual;

    Dated(X509ExtendedTrustManager usual) {
      this.usual = usual;
    }

    private static void checkDate(X509Certificate[] chain) throws CertificateException {
      for (X509Certificate each : chain) {
        each.checkValidity();
      }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      usual.checkClientTrusted(chain, type);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      usual.checkServerTrusted(chain, type);
      checkDate(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      usual.checkClientTrusted(chain, type, socket);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
        throws CertificateException {
      usual.checkServerTrusted(chain, type, socket);
      checkDate(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      usual.checkClientTrusted(chain, type, engine);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
        throws CertificateException {
      usual.checkServerTrusted(chain, type, engine);
      checkDate(chain);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return usual.getAcceptedIssuers();
    }
  }

  /** Only for a registry whose {@code hosts.toml} says {@code skip_verify}. */
  private static final class Anybody extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
