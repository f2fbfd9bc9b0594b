import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Prints the public types that whoever begins with these of the Java API can come to. */
Deque<Class<?>> open = new ArrayDeque<>();

Set<String> seen = new TreeSet<>();

void see(Type... types) {
  for (Type type : types) {
    switch (type) {
      case Class<?> it when it.isArray() -> see(it.componentType());
      case Class<?> it -> see(it);
      case ParameterizedType it -> {
        see(it.getRawType());
        see(it.getActualTypeArguments());
      }
      case WildcardType it -> {
        see(it.getUpperBounds());
        see(it.getLowerBounds());
      }
      default -> {}
    }
  }
}

void see(Class<?> type) {
  boolean ours = type.getName().startsWith("io.kapsel.");
  if (ours && Modifier.isPublic(type.getModifiers()) && seen.add(type.getName())) {
    open.add(type);
  }
}

void main() throws ClassNotFoundException {
  for (String name :
      List.of("api.Kapsel", "engine.spec.ContainerSpecBuilder", "engine.EngineException")) {
    see(Class.forName("io.kapsel." + name));
  }
  while (!open.isEmpty()) {
    Class<?> type = open.remove();
    for (Method each : type.getMethods()) {
      see(each.getGenericReturnType());
      see(each.getGenericParameterTypes());
    }
    for (Constructor<?> each : type.getConstructors()) {
      see(each.getGenericParameterTypes());
    }
  }
  seen.forEach(IO::println);
}
