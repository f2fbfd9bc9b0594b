package io.kapsel.junit;

import io.kapsel.api.Container;
import io.kapsel.api.Kapsel;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.ModifierSupport;

/**
 * Gives tests their containers. It comes with {@link KapselContainer}; who registers it by hand
 * gets parameters of type {@link Kapsel}, too.
 */
public final class KapselExtension
    implements BeforeAllCallback, BeforeEachCallback, ParameterResolver {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(KapselExtension.class);

  private static final String STATE = "kapsel.state";
  private static final String RUN = "kapsel.run";

  /** Made by JUnit. */
  public KapselExtension() {}

  @Override
  public void beforeAll(ExtensionContext context) throws InterruptedException {
    fill(context, context.getRequiredTestClass(), null, ModifierSupport::isStatic);
  }

  @Override
  public void beforeEach(ExtensionContext context) throws InterruptedException {
    for (Object instance : context.getRequiredTestInstances().getAllInstances()) {
      fill(context, instance.getClass(), instance, ModifierSupport::isNotStatic);
    }
  }

  private static void fill(
      ExtensionContext context,
      Class<?> type,
      @org.jspecify.annotations.Nullable Object instance,
      Predicate<Field> which)
      throws InterruptedException {
    for (Field field : AnnotationSupport.findAnnotatedFields(type, KapselContainer.class, which)) {
      if (field.getType() != Container.class) {
        throw new ExtensionConfigurationException(
            "cannot give '%s' a container: it is not of type %s"
                .formatted(field, Container.class.getName()));
      }
      set(field, instance, container(context, field.getAnnotation(KapselContainer.class)));
    }
  }

  private static void set(
      Field field, @org.jspecify.annotations.Nullable Object instance, Container container) {
    try {
      field.setAccessible(true);
      field.set(instance, container);
    } catch (IllegalAccessException | RuntimeException e) {
      throw new ExtensionConfigurationException(
          "cannot give '%s' a container: %s; a module opens its package to io.kapsel.junit"
              .formatted(field, e.getMessage()),
          e);
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == Kapsel.class
        || (type == Container.class && parameter.isAnnotated(KapselContainer.class));
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    if (parameter.getParameter().getType() == Kapsel.class) {
      return engine(context);
    }
    KapselContainer wanted =
        parameter.findAnnotation(KapselContainer.class).orElseThrow(AssertionError::new);
    try {
      return container(context, wanted);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ExtensionConfigurationException("cannot wait for a container: interrupted", e);
    }
  }

  /** The store of a context closes what is in it, the latest first, when the context ends. */
  private static Container container(ExtensionContext context, KapselContainer wanted)
      throws InterruptedException {
    String what = context.getTestMethod().map(Method::getName).orElse("all tests");
    TestContainer made = TestContainer.make(engine(context), wanted, what);
    context.getStore(NAMESPACE).put(made.container().id(), made);
    made.begin();
    return made.container();
  }

  private static Kapsel engine(ExtensionContext context) {
    return context
        .getRoot()
        .getStore(NAMESPACE)
        .computeIfAbsent(Kapsel.class, _ -> Leftovers.cleared(open(context)), Kapsel.class);
  }

  private static Kapsel open(ExtensionContext context) {
    Optional<String> state = context.getConfigurationParameter(STATE);
    Optional<String> run = context.getConfigurationParameter(RUN);
    if (state.isPresent() != run.isPresent()) {
      throw new ExtensionConfigurationException(
          "cannot open an engine: of '%s' and '%s' only one is set".formatted(STATE, RUN));
    }
    return state.isPresent()
        ? Kapsel.open(Path.of(state.get()), Path.of(run.get()))
        : Kapsel.open();
  }
}
