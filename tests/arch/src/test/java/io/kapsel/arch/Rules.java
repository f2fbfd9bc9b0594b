package io.kapsel.arch;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaConstructorCall;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.util.Map;
import java.util.Set;

/** The rules of ARCHITECTURE.md and CONTRIBUTING.md, as far as compiled classes can show them. */
final class Rules {
  /** What each module may use of the others. */
  static final Map<String, Set<String>> FLOORS =
      Map.ofEntries(
          entry("base"),
          entry("linux"),
          entry("systemd"),
          entry("oci", "base", "linux"),
          entry("runtime", "base", "linux", "oci", "systemd"),
          entry("image", "base", "linux", "oci"),
          entry("network", "base", "linux"),
          entry("engine", "base", "linux", "oci", "runtime", "image", "network"),
          entry("ocicli", "base", "linux", "oci", "runtime", "systemd"),
          entry("lxc", "base", "linux", "oci", "runtime", "image", "network", "engine"),
          entry("api", "base", "linux", "oci", "image", "network", "engine"),
          entry("junit", "oci", "network", "engine", "api"),
          entry(
              "cli", "base", "linux", "oci", "runtime", "image", "network", "engine", "api",
              "ocicli", "lxc"));

  /** They use paths of the host alone: cgroup trees, the run directory, a bind mount's source. */
  private static final Set<String> OUTSIDE_OF_ROOTS =
      Set.of(
          "io.kapsel.runtime.Cgroups",
          "io.kapsel.runtime.LiveAccounts",
          "io.kapsel.runtime.LiveGroups",
          "io.kapsel.runtime.ProcView",
          "io.kapsel.runtime.SharedParents",
          "io.kapsel.runtime.ContainerProcess",
          "io.kapsel.runtime.ContainerPlanner");

  static final ArchRule MODULES_USE_LOWER_FLOORS =
      classes()
          .should(useOnlyLowerFloors())
          .because("a module requires only modules of lower floors (ARCHITECTURE.md)");

  static final ArchRule PACKAGES_HAVE_NO_CYCLE =
      slices().matching("io.kapsel.(**)").should().beFreeOfCycles();

  static final ArchRule FOREIGN_MEMORY_STAYS_IN_LINUX =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.kapsel.linux..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("java.lang.foreign..")
          .because("the kernel is reached through the typed calls of io.kapsel.linux");

  static final ArchRule STANDARD_STREAMS_BELONG_TO_CLI =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.kapsel.cli..")
          .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS)
          .because("everything below cli returns values, throws, or logs to System.Logger");

  static final ArchRule EXCEPTIONS_SAY_WHAT_FAILED =
      noClasses()
          .should()
          .callConstructorWhere(describe("a general exception is made", Rules::isGeneral))
          .because("an error has a type that says what a caller can do about it");

  static final ArchRule ROOT_FILES_ARE_REACHED_BY_DESCRIPTORS =
      noClasses()
          .that()
          .resideInAnyPackage("io.kapsel.runtime..", "io.kapsel.oci..")
          .and(
              describe(
                  "see a root file system", type -> !OUTSIDE_OF_ROOTS.contains(type.getName())))
          .should()
          .dependOnClassesThat(
              describe("open files by path", javaClass -> opensByPath(javaClass.getName())))
          .because("a path that is looked up twice is a race; use io.kapsel.linux.file");

  static final ArchRule PROGRAMS_ARE_STARTED_BY_LINUX =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName(ProcessBuilder.class.getName())
          .because("io.kapsel.linux.process.Spawn passes named descriptors and nothing else");

  static final ArchRule NOTHING_IS_SERIALIZED =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveNameMatching("java\\.io\\.Object(In|Out)putStream")
          .because("state is JSON that is validated when it is read");

  static final ArchRule ERRNO_NUMBERS_STAY_IN_LINUX =
      noClasses()
          .that(resideInAnyPackage("io.kapsel.engine..", "io.kapsel.cli..", "io.kapsel.oci.."))
          .should()
          .dependOnClassesThat(
              resideInAPackage("io.kapsel.linux..")
                  .and(describe("are Errno", type -> type.getSimpleName().equals("Errno"))))
          .because("above runtime an error is a case of a sealed type, not a number");

  private static Map.Entry<String, Set<String>> entry(String module, String... others) {
    return Map.entry(module, Set.of(others));
  }

  private Rules() {}

  private static boolean isGeneral(JavaConstructorCall call) {
    JavaClass made = call.getTargetOwner();
    boolean general =
        made.isEquivalentTo(RuntimeException.class)
            || made.isEquivalentTo(Exception.class)
            || made.isEquivalentTo(Throwable.class)
            || made.isEquivalentTo(Error.class);
    return general && !call.getOriginOwner().isAssignableTo(Throwable.class);
  }

  private static boolean opensByPath(String name) {
    return name.equals("java.nio.file.Files")
        || name.equals("java.nio.channels.FileChannel")
        || name.matches("java\\.io\\.(File|FileInputStream|FileOutputStream|FileReader|FileWriter)")
        || name.equals("java.io.RandomAccessFile");
  }

  private static ArchCondition<JavaClass> useOnlyLowerFloors() {
    return new ArchCondition<>("use only modules of lower floors") {
      @Override
      public void check(JavaClass javaClass, ConditionEvents events) {
        String from = moduleOf(javaClass);
        for (Dependency dependency : javaClass.getDirectDependenciesFromSelf()) {
          String to = moduleOf(dependency.getTargetClass());
          if (!to.isEmpty() && !to.equals(from) && !mayUse(from, to)) {
            events.add(SimpleConditionEvent.violated(javaClass, dependency.getDescription()));
          }
        }
      }
    };
  }

  private static boolean mayUse(String from, String to) {
    Set<String> allowed = FLOORS.get(from);
    return allowed != null && allowed.contains(to);
  }

  /** The third part of the package's name, or nothing for classes that are not ours. */
  static String moduleOf(JavaClass javaClass) {
    String[] parts = javaClass.getPackageName().split("\\.", -1);
    boolean ours = parts.length > 2 && parts[0].equals("io") && parts[1].equals("kapsel");
    return ours ? parts[2] : "";
  }
}
