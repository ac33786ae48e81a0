# frozen_string_literal: true

require_relative 'context'
require_relative 'failure'
require_relative 'handler'
require_relative 'logs'

module MayflyRuntime
  # The function's side: becomes one function, loads it, runs it.
  class Runtime
    def initialize(channel)
      @channel = channel
    end

    def run
      header = wait_for('I')&.at(1) or return
      become(header)
      @logs = Logs.new(@channel, header)
      @logs.patch_logger
      text = (header['keepEnv'] && ENV['_HANDLER']) || header['handler']
      @handler = load_handler(text) or return
      while (event = wait_for('E'))
        invoke(event[1], event[2])
      end
    end

    private

    def wait_for(type)
      frame = @channel.receive
      frame = @channel.receive until frame.nil? || frame[0] == type
      frame
    end

    def become(header)
      ENV.replace(header['env']) unless header['keepEnv']
      %w[MAYFLY_CHANNEL _LAMBDA_TELEMETRY_LOG_FD].each { |name| ENV.delete(name) }
      Dir.chdir(header['cwd'])
      $stdout.sync = true
      $stderr.sync = true
      root = ENV['LAMBDA_TASK_ROOT'] || header['cwd']
      $LOAD_PATH.unshift(root, '/opt/ruby/lib')
      # Gems were looked for when Ruby started, before there was a function.
      Gem.clear_paths if defined?(Gem)
    end

    # SystemExit passes: the process ends, and the platform says how.
    def load_handler(text)
      handler = Handler.new(text)
      @channel.send_frames(['R'])
      handler
    rescue StandardError, ScriptError, SystemStackError => e
      failure = Failure.new(e, 'Init')
      @logs.failure('Init error when loading handler', failure)
      @channel.send_frames(['F', { errorType: failure.error_type }, failure.json])
      $stdout.flush
      exit!(252)
    end

    def invoke(header, body)
      @logs.current(header['requestId'], header['tenantId'])
      ENV['_X_AMZN_TRACE_ID'] = header['traceId'].to_s.empty? ? nil : header['traceId']
      answer, content_type = @handler.call(body, Context.new(header))
      @channel.send_frames(['A', { requestId: header['requestId'], contentType: content_type }, answer], ['N'])
    rescue NameError => e
      # A name that does not exist will not exist next time either: the process ends.
      fail_with(header, e)
      exit!(1)
    rescue StandardError, ScriptError, SystemStackError, NoMemoryError => e
      fail_with(header, e, ['N'])
    end

    def fail_with(header, error, *more)
      failure = Failure.new(error, 'Function')
      @logs.failure('Error raised from handler method', failure)
      named = { requestId: header['requestId'], errorType: failure.error_type, xrayCause: failure.xray_cause }
      @channel.send_frames(['X', named, failure.json], *more)
    end
  end
end
