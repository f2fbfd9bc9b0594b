package io.kapsel.image.debian;

import io.kapsel.base.AtomicFile;
import io.kapsel.image.ImageException;
import io.kapsel.image.ImageStore;
import io.kapsel.linux.Fd;
import io.kapsel.linux.SyscallException;
import io.kapsel.linux.file.Entries;
import io.kapsel.linux.file.Open;
import io.kapsel.linux.file.OpenFlags;
import io.kapsel.linux.file.RootDirectory;
import io.kapsel.linux.file.Trees;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Reference;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A root file system made from a Debian archive, whose packages are unpacked and not configured: no
 * program of it has run. Configuring is for whoever has containers.
 *
 * @param packages what is in it, each after those that it needs
 * @param date of the archive's state
 */
public record DebianRoot(
    List<DebianPackage> packages, String architecture, List<AptSource> sources, Instant date) {
  private static final int DOWNLOADS = 4;
  private static final int UNPACKERS = 2;
  private static final int BUFFER = 1 << 16;
  private static final int LONGEST_LOG = 16 << 20;
  private static final Path HOST_APT = Path.of("/etc/apt");
  private static final Set<String> MERGED = Set.of("usrmerge", "usr-is-merged");
  private static final Map<String, List<String>> LIBRARIES =
      Map.of("amd64", List.of("lib64"), "ppc64el", List.of("lib64"), "mips64el", List.of("lib64"));

  /** Copies the lists. */
  public DebianRoot {
    packages = List.copyOf(packages);
    sources = List.copyOf(sources);
  }

  /**
   * Where it is made, and what is told while it is.
   *
   * @param cache keeps what was downloaded
   * @param work an empty directory for it alone; the tree becomes {@code root} in it
   * @param environment of the caller, for proxies
   * @param progress takes a line each time that something new begins
   */
  public record Workshop(
      Path cache, Path work, Map<String, String> environment, Consumer<String> progress) {
    /** Copies the map. */
    public Workshop {
      environment = Map.copyOf(environment);
    }

    /** The tree. */
    public Path root() {
      return work.resolve("root");
    }
  }

  /**
   * Downloads, checks and unpacks what {@code request} wants.
   *
   * @throws ImageException when that cannot be done
   */
  public static DebianRoot unpack(DebianRequest request, Workshop workshop)
      throws InterruptedException {
    AptConfiguration apt = hostConfiguration();
    List<AptSource> sources = Archives.of(request, hostSources());
    String architecture = request.architecture().orElseGet(Architectures::host);
    DownloadCache cache = new DownloadCache(workshop.cache());
    cache.tidy();
    try (Transport transport = new Transport(apt, workshop.environment())) {
      Suites.Places places = new Suites.Places(transport, cache, workshop.work());
      boolean checkAge = request.snapshot().isEmpty() && apt.is("Acquire::Check-Valid-Until", true);
      workshop
          .progress()
          .accept(
              "reading the indices of "
                  + String.join(", ", sources.stream().map(AptSource::suite).toList()));
      try (Suites suites = Suites.open(places, sources, checkAge, architecture)) {
        Resolver.Choice choice =
            new Resolver(suites::find, architecture).choose(suites.base(), wanted(request));
        new Unpacking(suites, workshop, choice, architecture, sources).run();
        return new DebianRoot(choice.packages(), architecture, sources, suites.date());
      }
    }
  }

  /** What configures the packages when it runs in a container with this root: a shell script. */
  public String script(Workshop workshop) {
    try (TargetTree tree = reopen(workshop)) {
      return ConfigurationScript.of(tree, packages);
    }
  }

  /** The variables that the script needs. */
  public List<String> environment() {
    return ConfigurationScript.environment(date);
  }

  /** The last thing that the script said; {@code layer} is what the container has changed. */
  public static String lastWords(Path layer) {
    try (RootDirectory root = RootDirectory.open(layer.toString())) {
      byte[] log = root.read(ConfigurationScript.LOG, LONGEST_LOG).orElse(new byte[0]);
      return new String(log, StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank())
          .reduce((_, last) -> last.strip())
          .orElse("it said nothing");
    } catch (SyscallException e) {
      return "what it said is lost: " + e.getMessage();
    }
  }

  /**
   * Puts what a container has changed into the tree, and takes out what belongs to its making.
   *
   * @param layer the container's upper directory, which is used up
   */
  public void settle(Workshop workshop, Path layer) {
    try (Fd upper = Open.path(layer.toString(), OpenFlags.DIRECTORY);
        Fd lower = Open.path(workshop.root().toString(), OpenFlags.DIRECTORY)) {
      LayerMerge.merge(upper, lower);
    } catch (IOException | SyscallException e) {
      throw new ImageException.Failed("cannot merge layers: " + e.getMessage(), e);
    }
    try (TargetTree tree = reopen(workshop)) {
      Cleanup.run(tree, date);
    } catch (SyscallException e) {
      throw new ImageException.Failed("cannot clean the new root: " + e.getMessage(), e);
    }
  }

  /**
   * Makes an image of the tree, which is used up, and gives it a name.
   *
   * @return the image's id
   */
  public Digest pack(Workshop workshop, ImageStore store, Reference name, DebianRequest request) {
    String platform = Architectures.inImages(architecture);
    String history = "kapsel image create debian/" + request.suite();
    return new ImagePacking(store, workshop.root(), date)
        .pack(name, platform, ImagePacking.execution(request.variant()), history);
  }

  private static TargetTree reopen(Workshop workshop) {
    return new TargetTree(Open.path(workshop.root().toString(), OpenFlags.DIRECTORY));
  }

  private static Set<String> wanted(DebianRequest request) {
    Set<String> wanted = new LinkedHashSet<>(request.variant().packages());
    wanted.addAll(request.include());
    return wanted;
  }

  private static AptConfiguration hostConfiguration() {
    try {
      return AptConfiguration.read(HOST_APT);
    } catch (IOException e) {
      throw new ImageException.Failed("cannot read '/etc/apt': " + AtomicFile.reason(e), e);
    }
  }

  private static List<AptSource> hostSources() {
    try {
      return AptSource.read(HOST_APT);
    } catch (IOException e) {
      throw new ImageException.Failed("cannot read '/etc/apt': " + AtomicFile.reason(e), e);
    }
  }

  /** One run. */
  private record Unpacking(
      Suites suites,
      Workshop workshop,
      Resolver.Choice choice,
      String architecture,
      List<AptSource> sources) {
    void run() throws InterruptedException {
      long bytes = choice.packages().stream().mapToLong(DebianPackage::size).sum();
      workshop
          .progress()
          .accept(
              "unpacking %d packages (%d MB)"
                  .formatted(choice.packages().size(), (bytes + 999_999) / 1_000_000));
      try (TargetTree tree = open(workshop)) {
        prepare(tree);
        List<DpkgDatabase.Unpacked> unpacked = unpack(tree);
        tree.owners().settle(tree);
        tree.settleDirectories();
        DpkgDatabase.write(tree, unpacked);
        DpkgDatabase.writeContested(tree, tree.owners().contested());
        DpkgDatabase.writeAutomatic(tree, choice.packages(), choice.automatic(), architecture);
        writeConfiguration(tree);
      } catch (SyscallException e) {
        throw new ImageException.Failed("cannot unpack packages: " + e.getMessage(), e);
      }
    }

    private static TargetTree open(Workshop workshop) {
      try (Fd work = Open.path(workshop.work().toString(), OpenFlags.DIRECTORY)) {
        Trees.delete(work, "root");
        Entries.makeDirectory(work, "root", 0755);
        return new TargetTree(Open.directory(work, "root"));
      }
    }

    /** With /usr merged from the start, nothing has to be moved later. */
    private void prepare(TargetTree tree) {
      if (choice.packages().stream().anyMatch(Unpacking::hasMergedUsr)) {
        List<String> names = new ArrayList<>(List.of("bin", "lib", "sbin"));
        names.addAll(LIBRARIES.getOrDefault(architecture, List.of()));
        try (Fd root = tree.directory("", 0755)) {
          for (String name : names) {
            tree.directory("usr/" + name, 0755).close();
            Entries.symlink("usr/" + name, root, name);
          }
        }
        tree.owners().mergeUsr();
      }
      DpkgDatabase.prepare(tree, architecture);
    }

    private static boolean hasMergedUsr(DebianPackage each) {
      return MERGED.contains(each.name())
          || (each.name().equals("base-files")
              && each.version().compareTo(new PackageVersion("13")) >= 0);
    }

    /** The largest first: one that is begun last would be waited for alone. */
    private List<DpkgDatabase.Unpacked> unpack(TargetTree tree) throws InterruptedException {
      List<Integer> bySize = new ArrayList<>();
      for (int i = 0; i < choice.packages().size(); i++) {
        bySize.add(i);
      }
      bySize.sort(
          java.util.Comparator.comparingLong((Integer i) -> -choice.packages().get(i).size()));
      Semaphore unpackers = new Semaphore(UNPACKERS);
      AtomicInteger next = new AtomicInteger();
      return SideBySide.run(
          DOWNLOADS,
          bySize.size(),
          () -> {
            int order = bySize.get(next.getAndIncrement());
            DebianPackage each = choice.packages().get(order);
            Path deb = suites.fetch(each);
            unpackers.acquire();
            try {
              return one(deb, tree, each, order);
            } finally {
              unpackers.release();
            }
          });
    }

    private static DpkgDatabase.Unpacked one(
        Path deb, TargetTree tree, DebianPackage each, int order) {
      try (InputStream in = new BufferedInputStream(Files.newInputStream(deb), BUFFER)) {
        return DebUnpacker.unpack(in, tree, each, order);
      } catch (IOException e) {
        throw new ImageException.Failed("cannot unpack '" + each + "': " + AtomicFile.reason(e), e);
      }
    }

    private void writeConfiguration(TargetTree tree) {
      String list = String.join("\n", sources.stream().map(AptSource::toString).toList()) + "\n";
      try (Fd etc = tree.directory("etc", 0755);
          Fd apt = tree.directory("etc/apt", 0755)) {
        DpkgDatabase.write(apt, "sources.list", list.getBytes(StandardCharsets.UTF_8), 0644);
        DpkgDatabase.write(
            etc,
            "fstab",
            "# UNCONFIGURED FSTAB FOR BASE SYSTEM\n".getBytes(StandardCharsets.UTF_8),
            0644);
      }
    }
  }
}
